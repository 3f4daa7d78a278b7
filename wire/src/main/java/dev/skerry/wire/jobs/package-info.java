/**
 * Jobs: programs that are compiled once, run for each of their cases, and thrown away with the sandbox that they ran
 * in. What a server asks of a host for them, and what it is told.
 */
package dev.skerry.wire.jobs;
