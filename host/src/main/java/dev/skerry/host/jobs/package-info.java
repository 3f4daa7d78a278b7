/**
 * Jobs: programs that run once in a sandbox of their own. A {@link dev.skerry.host.jobs.Language} says how a source
 * file is compiled and started with what the template has; {@link dev.skerry.host.jobs.JobRunner} carries a
 * {@link dev.skerry.host.jobs.Job} out, and {@link dev.skerry.host.jobs.JobResult} says how it went. Everything that
 * comes out of the sandbox is treated as hostile: output is bounded, archives are unpacked without following or making
 * links ({@link dev.skerry.host.jobs.Extraction}).
 */
@NullMarked
package dev.skerry.host.jobs;

import org.jspecify.annotations.NullMarked;
