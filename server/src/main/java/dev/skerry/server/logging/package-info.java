/** How the server writes its log: one line for each record, for people and for machines. */
@NullMarked
package dev.skerry.server.logging;

import org.jspecify.annotations.NullMarked;
