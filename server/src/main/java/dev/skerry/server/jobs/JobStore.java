package dev.skerry.server.jobs;

import dev.skerry.server.jobs.StoredJob.Stage;
import dev.skerry.server.tenants.TenantId;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Jobs that were handed in to be run later. A result is stored once: by who has the lease, and of its attempts the
 * last. What throws may have been stored all the same. Thread-safe.
 */
public interface JobStore {
    /**
     * What is handed in.
     *
     * @param request as {@link Submissions} reads it again
     * @param callback where its end is told
     */
    record Fresh(
            String token,
            TenantId tenant,
            Optional<String> idempotencyKey,
            String digest,
            String request,
            Instant at,
            Optional<Callback> callback) {}

    /** @param secret what it is signed with */
    record Callback(String url, String secret) {
        @Override
        public String toString() {
            return "Callback[" + url + "]";
        }
    }

    /**
     * One whose end is to be told, without that.
     *
     * @param size of its result, in characters
     */
    record Telling(String token, TenantId tenant, String url, Instant endedAt, long size) {}

    /** One that is to be told. */
    record Due(StoredJob job, Callback callback) {}

    /** One that has not ended. */
    record Unfinished(String token, TenantId tenant) {}

    /** @return false: the tenant has handed in something under the same key */
    boolean insert(Fresh fresh);

    /** As if it had never been handed in. */
    void withdraw(String token);

    Optional<StoredJob> get(TenantId tenant, String token);

    Optional<StoredJob> byKey(TenantId tenant, String key);

    /**
     * Newest first, without their results: of a hundred at a time those would not fit into memory.
     *
     * @param before those that were handed in before that one
     */
    List<StoredJob> list(TenantId tenant, Optional<Stage> stage, Optional<String> before, int limit);

    /** Characters of what a tenant has handed in and was not run yet. */
    long unfinished(TenantId tenant);

    /** Of all tenants, oldest first. */
    List<Unfinished> unfinished();

    /**
     * What was running when its server ended waits again.
     *
     * @return all that wait, oldest first.
     */
    List<StoredJob> takeUp();

    /** What is to be run; empty: it has ended. */
    Optional<String> request(String token);

    /**
     * Begins an attempt.
     *
     * @return its number; empty: it does not wait
     */
    Optional<Integer> begin(String token, Instant now);

    /**
     * It waits again.
     *
     * @return false: that attempt is not the last, or it has ended
     */
    boolean putBack(String token, int attempt);

    /**
     * It has ended.
     *
     * @param attempt whose result it is; 0: of none, which counts only while it waits
     * @return false: that attempt is not the last, or it has ended
     */
    boolean end(String token, int attempt, String verdict, String result, Instant now);

    /**
     * Those whose end is to be told now: of each tenant so many that have waited for longest, and so many that have
     * waited least, so that what has just ended is told although much could not be.
     */
    List<Telling> toTell(Instant now, int ofTenant);

    /** What is to be told; empty: it was, or was forgotten. */
    Optional<Due> due(String token);

    /** @param error of the attempt; empty: it arrived */
    void told(String token, Optional<Instant> next, String error);

    /** They are told then, which is no attempt. */
    void postpone(Collection<String> tokens, Instant until);

    /**
     * Forgets results: old ones, but those that are still to be told; and of each tenant those beyond so many, or so
     * many characters, whether they were told or not.
     *
     * @return how many
     */
    int forget(Instant before, int most, long characters);
}
