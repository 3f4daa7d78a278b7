package dev.skerry.server.logging;

/**
 * Of a record that may be written a moment after it was made, together with others: of what happens thousands of times
 * in a second, a system call for each takes longer than what it tells of. Nothing in it changes any more.
 */
public interface LaterRecord {}
