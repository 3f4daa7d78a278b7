/** The SQL database, SQLite or PostgreSQL: opened, migrated, and shared by everything that stores something. */
@NullMarked
package dev.skerry.server.database;

import org.jspecify.annotations.NullMarked;
