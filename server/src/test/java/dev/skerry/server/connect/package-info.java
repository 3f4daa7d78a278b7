/** The Connect protocol by itself. */
@NullMarked
package dev.skerry.server.connect;

import org.jspecify.annotations.NullMarked;
