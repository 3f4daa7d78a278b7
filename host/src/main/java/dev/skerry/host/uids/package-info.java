/** Temporary. */
@NullMarked
package dev.skerry.host.uids;

import org.jspecify.annotations.NullMarked;
