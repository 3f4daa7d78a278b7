package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.jobs.JobListener.Phase;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.StageOutcome;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import tools.jackson.databind.node.ObjectNode;

/**
 * How a job went, as Piston says it. Its keys come first and in its order; {@code truncated} and {@code reason} of a
 * stage and {@code sandbox} of an answer are ours.
 */
final class Stages {
    private static final int SIGKILL = 9;
    private static final int SHELL_SIGKILL = 128 + SIGKILL;

    private Stages() {}

    /**
     * How a stage ended, in Piston's words.
     *
     * @param status of two letters; empty: well
     */
    private record End(OptionalInt code, OptionalInt signal, Optional<String> status, Optional<String> message) {
        static End of(StageOutcome outcome) {
            return switch (outcome.status()) {
                case OK -> new End(OptionalInt.of(0), OptionalInt.empty(), Optional.empty(), Optional.empty());
                case RUNTIME_ERROR -> exited(outcome.exitCode().orElse(1));
                case OUT_OF_MEMORY -> exited(SHELL_SIGKILL);
                case SIGNALLED, CANCELLED -> signalled(outcome.signal().orElse(SIGKILL));
                case TIMED_OUT -> killed("TO", "Time limit exceeded (wall clock)");
                case CPU_TIME_EXCEEDED -> killed("TO", "Time limit exceeded");
                case STDOUT_LIMIT -> killed("OL", "stdout length exceeded");
                case STDERR_LIMIT -> killed("EL", "stderr length exceeded");
                case SANDBOX_ERROR ->
                    new End(
                            OptionalInt.empty(),
                            outcome.signal(),
                            Optional.of("XX"),
                            Optional.of("the sandbox failed, not the program"));
            };
        }

        private static End exited(int code) {
            return new End(
                    OptionalInt.of(code),
                    OptionalInt.empty(),
                    Optional.of("RE"),
                    Optional.of("Exited with error status " + code));
        }

        private static End signalled(int signal) {
            return new End(
                    OptionalInt.empty(),
                    OptionalInt.of(signal),
                    Optional.of("SG"),
                    Optional.of("Caught fatal signal " + signal));
        }

        private static End killed(String status, String message) {
            return new End(OptionalInt.empty(), OptionalInt.of(SIGKILL), Optional.of(status), Optional.of(message));
        }
    }

    /** The answer to an execute. A program that did not compile has the compiler's stage for its own. */
    static ObjectNode answer(JobRequest request, JobOutcome outcome, TrustPolicy.Decision trust, Interleaved output) {
        ObjectNode root = Exchange.JSON.createObjectNode();
        Optional<ObjectNode> compile = outcome.compile().map(stage -> stage(stage, output.text(Phase.COMPILE)));
        compile.ifPresent(stage -> root.set("compile", stage));
        ObjectNode run = outcome.runs().stream()
                .findFirst()
                .map(stage -> stage(stage, output.text(Phase.RUN)))
                .or(() -> compile.map(ObjectNode::deepCopy))
                .orElseThrow(() -> new IllegalStateException("a job without a stage"));
        root.set("run", run);
        root.put("language", request.runtime().language());
        root.put("version", request.runtime().version());
        ObjectNode sandbox = place(outcome.place(), trust);
        sandbox.put("waited_ms", outcome.waited().toMillis());
        sandbox.put("total_ms", outcome.total().toMillis());
        root.set("sandbox", sandbox);
        return root;
    }

    private static ObjectNode stage(StageOutcome outcome, String output) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("stdout", TextStream.of(outcome.stdout(), outcome.stdoutTruncated()));
        node.put("stderr", TextStream.of(outcome.stderr(), outcome.stderrTruncated()));
        node.put("output", output);
        end(node, outcome);
        return node;
    }

    /** Everything about an end but what was written. */
    static void end(ObjectNode node, StageOutcome outcome) {
        End end = End.of(outcome);
        put(node, "code", end.code());
        node.put("signal", end.signal().isPresent() ? Signals.name(end.signal().getAsInt()) : null);
        node.put("message", end.message().orElse(null));
        node.put("status", end.status().orElse(null));
        node.put("cpu_time", outcome.cpu().toMillis());
        node.put("wall_time", outcome.wall().toMillis());
        node.put("memory", outcome.memoryPeakBytes());
        node.put("truncated", outcome.stdoutTruncated() || outcome.stderrTruncated());
        node.put("reason", outcome.status().name().toLowerCase(Locale.ROOT));
    }

    private static void put(ObjectNode node, String name, OptionalInt value) {
        if (value.isPresent()) {
            node.put(name, value.getAsInt());
        } else {
            node.putNull(name);
        }
    }

    /** Where it ran, and which rule demanded which level. */
    static ObjectNode place(JobPlace place, TrustPolicy.Decision trust) {
        ObjectNode node = Exchange.JSON.createObjectNode();
        node.put("id", place.sandbox());
        node.put("isolation", place.isolation().label());
        node.putObject("trust")
                .put("rule", trust.rule())
                .put("floor", trust.floor().label());
        node.put("driver", place.driver());
        node.put("template", place.template());
        node.put("template_digest", place.templateDigest());
        node.put("start", place.warmth().name().toLowerCase(Locale.ROOT));
        return node;
    }
}
