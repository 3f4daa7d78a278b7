/**
 * The description of the server's own HTTP API: an {@link dev.skerry.server.openapi.Operation} is a route together with
 * what it takes and answers, and {@link dev.skerry.server.openapi.OpenApiDocument} is made of all of them, so what is
 * served and what is documented cannot differ.
 */
@NullMarked
package dev.skerry.server.openapi;

import org.jspecify.annotations.NullMarked;
