/**
 * The configuration: one file, read and checked as a whole at start; each part of the server is handed its own branch.
 */
@NullMarked
package dev.skerry.server.settings;

import org.jspecify.annotations.NullMarked;
