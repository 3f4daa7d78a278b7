/** Backups, of servers that run and of none. */
@NullMarked
package dev.skerry.server.backup;

import org.jspecify.annotations.NullMarked;
