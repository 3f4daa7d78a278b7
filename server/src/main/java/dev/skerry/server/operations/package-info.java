/**
 * What whoever runs the server wants to see of it: its health, its metrics, one log record for each request, and how
 * much its sandboxes use. Nothing here decides anything.
 */
@NullMarked
package dev.skerry.server.operations;

import org.jspecify.annotations.NullMarked;
