package dev.skerry.server.jobs;

import dev.skerry.server.tenants.TenantId;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * A job that was handed in to be run later, without what is to be run.
 *
 * @param token by which it is asked for
 * @param digest of what was handed in
 * @param attempts to run it, the last one included
 * @param verdict empty until it has ended
 * @param result as {@link JudgementText} writes it; empty until it has ended
 */
public record StoredJob(
        String token,
        TenantId tenant,
        String digest,
        Stage stage,
        Instant createdAt,
        Optional<Instant> beganAt,
        Optional<Instant> endedAt,
        int attempts,
        String verdict,
        String result,
        Optional<Call> callback) {
    /** How far it has come. */
    public enum Stage {
        WAITING,
        RUNNING,
        ENDED;

        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Where its end is told.
     *
     * @param nextAt empty: it was told, or given up, or there is nothing to tell yet
     * @param failures attempts to tell it that failed
     * @param error of the last one; empty: there was none
     */
    public record Call(String url, Optional<Instant> nextAt, int failures, String error) {}

    public boolean ended() {
        return stage == Stage.ENDED;
    }
}
