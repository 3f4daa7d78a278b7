package dev.skerry.testkit;

import java.util.List;

/** Every claim on a single host, in the order of docs/SPEC.md. */
public final class Claims {
    private Claims() {}

    public static List<Claim> all() {
        return List.of(
                new Claim("C1", "no host file outside the template is reachable", Walls::files),
                new Claim("C2", "no network", Walls::network),
                new Claim("C3", "no foreign process is visible, signalable or traceable", Walls::processes),
                new Claim(
                        "C4",
                        "a fork bomb stops at the limit and does not slow a neighbour down",
                        Exhaustion::forkBomb),
                new Claim("C5", "a memory bomb is killed and reported, guestd and host live on", Exhaustion::memory),
                new Claim("C6", "CPU is held to its quota, CPU time to its limit", Exhaustion::cpu),
                new Claim("C7", "the writable layer holds its limits on bytes and files", Exhaustion::disk),
                new Claim("C8", "an output flood is held back in bounded memory", Exhaustion::output),
                new Claim("C9", "limits on open files, file size and core files hold", Exhaustion::processLimits),
                new Claim("C10", "/tmp and /dev/shm are limited and charged", Exhaustion::sharedMemory),
                new Claim("C11", "the wall-clock limit kills every descendant", Endings::deadline),
                new Claim("C12", "no privilege can be gained", Walls::privilege),
                new Claim("C13", "calls outside the allow list fail on every entry", Walls::systemCalls),
                new Claim("C14", "no secret is inside", Walls::secrets),
                new Claim("C15", "nothing survives the end", Endings::nothingSurvives),
                new Claim("C16", "file operations cannot be redirected by links", Endings::links),
                new Claim("C19", "what the kernel counts per user is the sandbox's own", Exhaustion::perUserCounts));
    }
}
