package dev.skerry.host.pools;

import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.WaitingProgram;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.PoolPlan;
import java.util.Optional;

/**
 * A sandbox that waits for its job.
 *
 * @param digest of its template
 * @param limits that it was made with
 * @param waiting the interpreter inside, where the plan says so
 */
record Member(EngineSandbox sandbox, PoolPlan plan, String digest, Limits limits, Optional<WaitingProgram> waiting) {}
