package dev.skerry.server.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/** Runs what was handed in, when its turn has come, and stores what became of it. Thread-safe. */
final class Attempts {
    /** A job with which the server has ended so often, or for which there was no room, is not tried again. */
    static final int MOST = 5;

    private static final Logger LOG = LoggerFactory.getLogger(Attempts.class);

    private final Submissions.Parts parts;

    Attempts(Submissions.Parts parts) {
        this.parts = parts;
    }

    /**
     * On a thread that is interrupted to end it while it is on the host, and not while the database is asked: in the
     * middle of a question to PostgreSQL that would close the connection.
     *
     * @return after which time it is to be tried again; empty: it has ended
     * @throws InterruptedException the server is being stopped, and the job is still to be run
     */
    Optional<Duration> carryOut(LiveJob job) throws InterruptedException {
        Turn turn;
        try {
            turn = parts.queue().begun(job.ticket());
        } catch (Failure e) {
            if (e.code() == ErrorCode.NO_CAPACITY) {
                throw new InterruptedException();
            }
            end(job.token(), 0, JudgementText.of(e));
            return Optional.empty();
        }
        try (turn) {
            Optional<Integer> attempt = parts.store().begin(job.token(), now());
            return attempt.isEmpty() ? Optional.empty() : carryOut(job, turn, attempt.get());
        }
    }

    private Optional<Duration> carryOut(LiveJob job, Turn turn, int attempt) throws InterruptedException {
        if (attempt > MOST) {
            String message = "it was tried " + MOST + " times, and the server or its host has failed each time";
            end(job.token(), attempt, JudgementText.of(new Failure(ErrorCode.INTERNAL, message)));
            return Optional.empty();
        }
        try {
            String request = parts.store().request(job.token()).orElseThrow();
            ObjectNode result = judge(job, turn, parts.read(job.tenant(), request));
            end(job.token(), attempt, result);
        } catch (InterruptedException e) {
            if (!job.cancelled()) {
                throw e;
            }
            endCancelled(job.token(), attempt);
        } catch (Failure e) {
            // Who is interrupted while its sandbox is made is told that the sandbox has gone.
            boolean interrupted = Thread.interrupted();
            if (job.cancelled()) {
                endCancelled(job.token(), attempt);
                return Optional.empty();
            }
            if (interrupted) {
                throw new InterruptedException();
            }
            if (e.code().retryable() && attempt < MOST && parts.store().putBack(job.token(), attempt)) {
                return Optional.of(Duration.ofSeconds(attempt));
            }
            if (e.code().kind() == ErrorCode.Kind.BUG) {
                LOG.atError().addKeyValue("job", job.token()).setCause(e).log("a job failed");
            }
            end(job.token(), attempt, JudgementText.of(e));
        }
        return Optional.empty();
    }

    private static ObjectNode judge(LiveJob job, Turn turn, JobWork work) throws InterruptedException {
        try {
            if (!job.runs()) {
                throw new InterruptedException();
            }
            return JudgementText.of(Judge.judge(turn, work));
        } catch (Error e) {
            throw internal(e);
        } finally {
            job.stops();
        }
    }

    /** Such as a stack that overflowed: it would again. */
    static Failure internal(Error e) {
        return new Failure(
                ErrorCode.INTERNAL, "an error of the server", "its operator finds the cause in the server's log", e);
    }

    void endCancelled(String token, int attempt) {
        end(
                token,
                attempt,
                JudgementText.of(Verdict.CANCELLED, ErrorCode.CONFLICT, "it was cancelled", Optional.empty()));
    }

    private void end(String token, int attempt, ObjectNode result) {
        boolean _ = parts.store().end(token, attempt, result.path("verdict").asString(""), result.toString(), now());
    }

    private Instant now() {
        return parts.clock().instant();
    }
}
