/** The HTTP server as clients see it that do not behave. */
@NullMarked
package dev.skerry.server.http;

import org.jspecify.annotations.NullMarked;
