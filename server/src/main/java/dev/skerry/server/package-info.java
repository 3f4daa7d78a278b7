/**
 * The server: doors, gateway and the life of sandboxes. Layers, each knowing only those before it: {@code http};
 * {@code secrets}; {@code tenants}; {@code sandboxes}; {@code webhooks}; {@code openapi}, {@code operations};
 * {@code envd}, {@code interpreter}, {@code gateway}; {@code e2b}.
 */
@NullMarked
package dev.skerry.server;

import org.jspecify.annotations.NullMarked;
