/**
 * {@code skerry bench server}: the server as its clients see it, over sockets that are kept open, next to nginx and
 * next to no proxy at all.
 */
@NullMarked
package dev.skerry.bench.serving;

import org.jspecify.annotations.NullMarked;
