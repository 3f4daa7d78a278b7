/** Piston's API over HTTP, with jobs that are made up. */
@NullMarked
package dev.skerry.server.piston;

import org.jspecify.annotations.NullMarked;
