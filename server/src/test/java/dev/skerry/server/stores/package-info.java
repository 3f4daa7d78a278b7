/** All stores together, on both databases: as they are now, and as released versions have left them. */
@NullMarked
package dev.skerry.server.stores;

import org.jspecify.annotations.NullMarked;
