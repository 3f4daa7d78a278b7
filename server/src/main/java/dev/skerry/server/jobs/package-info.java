/** Jobs in the server: who may run what, in which order, and what became of it. */
@NullMarked
package dev.skerry.server.jobs;

import org.jspecify.annotations.NullMarked;
