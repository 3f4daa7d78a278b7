/**
 * The door that speaks Piston's API, version 2: {@link dev.skerry.server.piston.PistonApi} finds the route,
 * {@link dev.skerry.server.piston.Access} says who asks, {@link dev.skerry.server.piston.JobRequest} reads what is
 * asked as Piston does, {@link dev.skerry.server.jobs.Jobs} runs it, and {@link dev.skerry.server.piston.Stages} says
 * how it went. docs/COMPATIBILITY.md lists where it differs, docs/decisions/0020 why.
 */
@NullMarked
package dev.skerry.server.piston;

import org.jspecify.annotations.NullMarked;
