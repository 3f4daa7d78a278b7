/**
 * Backups of what a server keeps, and how they are restored: {@link dev.skerry.server.backup.Backup} writes one while
 * the server runs, {@link dev.skerry.server.backup.Restore} puts all of one into a data folder, or nothing.
 */
@NullMarked
package dev.skerry.server.backup;

import org.jspecify.annotations.NullMarked;
