/** Whose turn it is, what the judge says, and what is kept of jobs, with a host and a time that are made up. */
@NullMarked
package dev.skerry.server.jobs;

import org.jspecify.annotations.NullMarked;
