/** The gateway in front of a real process 1, and programs that answer well and badly behind it. */
@NullMarked
package dev.skerry.server.gateway;

import org.jspecify.annotations.NullMarked;
