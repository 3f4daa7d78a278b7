/**
 * HTTP as the doors see it: an {@link dev.skerry.server.http.Exchange} is one request and its response, handled by
 * blocking code on a virtual thread; {@link dev.skerry.server.http.Routes} is a table of what is answered where. Jetty
 * is behind it and nowhere else but in the gateway.
 */
@NullMarked
package dev.skerry.server.http;

import org.jspecify.annotations.NullMarked;
