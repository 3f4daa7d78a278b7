/** Process 1 of a sandbox without the sandbox, for tests of whoever talks to it. */
@NullMarked
package dev.skerry.server.guests;

import org.jspecify.annotations.NullMarked;
