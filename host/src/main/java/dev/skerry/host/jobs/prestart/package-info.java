/**
 * Interpreters that are started before there is a job for them, and wait in a sandbox that nobody has used. Nothing is
 * added to the interpreter: it is started with the very command that a job would be started with, and is held in the
 * system call that opens its program ({@link dev.skerry.host.jobs.prestart.Prestart} says how). Once a job has come and
 * its files are there, that call starts anew and finds them, so the program runs as in a process that was started for
 * it. Where the interpreter has looked at something by then that the job brings along,
 * {@link dev.skerry.host.jobs.prestart.Prestart#refusal} says so, and the job is started anew.
 */
@NullMarked
package dev.skerry.host.jobs.prestart;

import org.jspecify.annotations.NullMarked;
