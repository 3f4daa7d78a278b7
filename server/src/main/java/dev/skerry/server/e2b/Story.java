package dev.skerry.server.e2b;

import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.Lifetime;
import dev.skerry.server.sandboxes.Origin;
import dev.skerry.server.sandboxes.PauseKind;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.wire.Limits;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What happened to a sandbox and why, in sentences: its own history, the calls that changed nothing or failed, and the
 * servers that had its host meanwhile. Pure.
 *
 * @param calls what the audit log has about it
 * @param terms of its host, oldest first
 */
record Story(Sandbox sandbox, List<SandboxEvent> events, List<AuditEntry> calls, List<HostTerm> terms) {
    private static final int BYTES_PER_MIB_LOG = 20;
    private static final int FAILED = 400;

    /**
     * Something that happened.
     *
     * @param what the kind of the event, {@code call} or {@code server}
     * @param call what it was, if it is one
     * @param term in which a server wrote it; 0 if that is not known
     */
    record Line(
            Instant at,
            String what,
            String text,
            String detail,
            Optional<Why> why,
            Optional<AuditEntry> call,
            long term) {}

    /** Oldest first. */
    List<Line> lines() {
        List<Line> lines = new ArrayList<>();
        events.forEach(event -> lines.add(new Line(
                event.at(),
                EventLogs.kind(event),
                sentence(event),
                event.detail(),
                Optional.of(event.why()),
                Optional.empty(),
                event.term())));
        Set<String> told =
                events.stream().map(event -> event.why().origin().request()).collect(Collectors.toSet());
        calls.stream()
                .filter(call -> call.status() >= FAILED || call.status() == 0 || !told.contains(call.request()))
                .forEach(call -> lines.add(line(call)));
        for (int i = 1; i < terms.size(); i++) {
            HostTerm term = terms.get(i);
            if (term.beganAt().isAfter(sandbox.createdAt()) && !term.beganAt().isAfter(end())) {
                lines.add(line(terms.get(i - 1), term));
            }
        }
        // What comes at the same time stays in its order: what somebody asked for is told before what came of it.
        lines.sort(Comparator.comparing(Line::at));
        return lines;
    }

    private Instant end() {
        return sandbox.state() instanceof SandboxState.Stopped stopped ? stopped.at() : Instant.MAX;
    }

    private String sentence(SandboxEvent event) {
        Why why = event.why();
        return switch (event.kind()) {
            case CREATED ->
                "Created by " + who(why.origin()) + ": " + made() + ", " + event.detail() + lifetime() + ".";
            case STARTED -> "Started " + event.detail() + server(event.term()) + ".";
            case PAUSED -> "Paused " + event.detail() + ": " + because(why) + ".";
            case PAUSE_FAILED -> "It could not be paused, and runs on: " + because(why) + detail(event.detail()) + ".";
            case RESUMED -> "Resumed " + event.detail() + ": " + because(why) + server(event.term()) + ".";
            case RESUME_FAILED ->
                "It could not be resumed, and stays paused: " + because(why) + detail(event.detail()) + ".";
            case RENEWED -> "Its end was set, to run " + event.detail() + ": " + because(why) + ".";
            case ENDED -> "Ended: " + because(why) + detail(afterReason(event.detail())) + ".";
        };
    }

    private static String detail(String words) {
        return words.isEmpty() ? "" : " (" + words.strip() + ")";
    }

    /** The detail of an end begins with its reason, for those who read nothing else. */
    private static String afterReason(String detail) {
        int colon = detail.indexOf(": ");
        return colon < 0 ? "" : detail.substring(colon + 2);
    }

    private String made() {
        SandboxConfig config = sandbox.config();
        Limits limits = config.limits();
        String template = config.alias()
                .filter(alias -> !alias.equals(config.template()))
                .map(alias -> alias + " (" + config.template() + ")")
                .orElse(config.template());
        return "template " + template
                + ", isolation " + config.floor().label() + " or stronger, "
                + cpus(limits) + " CPU, "
                + mebibytes(limits.memoryBytes()) + " of memory, "
                + mebibytes(limits.diskBytes()) + " of disk, "
                + limits.processes() + " processes";
    }

    private static String cpus(Limits limits) {
        double cpus = limits.cpuMillis() / 1000.0;
        return cpus == Math.rint(cpus) ? String.valueOf((long) cpus) : String.valueOf(cpus);
    }

    private static String mebibytes(long bytes) {
        return (bytes >> BYTES_PER_MIB_LOG) + " MiB";
    }

    private String lifetime() {
        Lifetime lifetime = sandbox.config().lifetime();
        if (!lifetime.pauses()) {
            return " and then to end";
        }
        String how = lifetime.pauseKind() == PauseKind.MEMORY ? "in memory" : "to disk";
        return " and then to be paused " + how + (lifetime.wakesOnTraffic() ? " until traffic wakes it" : "");
    }

    private String who(Origin origin) {
        if (origin.key().isEmpty()) {
            return origin.address().isEmpty() ? "the server itself" : "somebody at " + origin.address();
        }
        return "key " + origin.mask() + " (" + origin.key() + ") of tenant " + sandbox.tenant() + " from "
                + origin.address();
    }

    private String because(Why why) {
        boolean asked = !why.origin().equals(Origin.NONE) || why.cause() == Cause.REQUESTED;
        return why.cause().words() + (asked ? " by " + who(why.origin()) : "");
    }

    private String server(long term) {
        return terms.stream()
                .filter(one -> one.number() == term)
                .findFirst()
                .map(one -> ", by the server at " + one.address() + " in term " + term)
                .orElse("");
    }

    private static Line line(HostTerm before, HostTerm term) {
        String number = " (term " + term.number() + ")";
        String text;
        if (term.owner().equals(before.owner())) {
            text = "The server at " + term.address() + " got the host again" + number + ".";
        } else if (term.address().equals(before.address())) {
            text = "The server at " + term.address() + " was started again and took the host over" + number + ".";
        } else {
            text = "The server at " + term.address() + " took the host over from the one at " + before.address()
                    + number + ".";
        }
        return new Line(term.beganAt(), "server", text, "", Optional.empty(), Optional.empty(), term.number());
    }

    private static Line line(AuditEntry call) {
        String outcome = call.status() == 0
                ? "was not answered"
                : (call.status() < FAILED ? "was answered with " : "failed with ")
                        + call.status()
                        + (call.code().isEmpty() ? "" : " " + call.code());
        String text = "The call '" + call.operation() + "' with key " + call.keyId() + " of tenant " + call.tenant()
                + " from " + call.address() + " " + outcome + " (request " + call.request() + ").";
        return new Line(call.at(), "call", text, "", Optional.empty(), Optional.of(call), 0);
    }

    /** How it is now. */
    String summary() {
        return switch (sandbox.state()) {
            case SandboxState.Starting starting -> "It is being started on host " + starting.host() + ".";
            case SandboxState.Running running ->
                "It runs on host " + running.host() + " with isolation "
                        + running.isolation().label() + " until " + sandbox.endsAt() + lifetime() + ".";
            case SandboxState.Pausing pausing -> "It is being paused on host " + pausing.host() + reason();
            case SandboxState.Paused paused -> "It is paused on host " + paused.host() + reason();
            case SandboxState.Resuming resuming -> "It is being resumed on host " + resuming.host() + reason();
            case SandboxState.Stopping stopping -> "It is being ended on host " + stopping.host() + reason();
            case SandboxState.Stopped stopped -> "It ended at " + stopped.at() + reason();
        };
    }

    private String reason() {
        return sandbox.why().cause() == Cause.UNKNOWN ? "." : ": " + because(sandbox.why()) + ".";
    }

    /** In one word. */
    String state() {
        return switch (sandbox.state()) {
            case SandboxState.Starting _ -> "starting";
            case SandboxState.Running _ -> "running";
            case SandboxState.Pausing _ -> "pausing";
            case SandboxState.Paused _ -> "paused";
            case SandboxState.Resuming _ -> "resuming";
            case SandboxState.Stopping _ -> "stopping";
            case SandboxState.Stopped _ -> "ended";
        };
    }
}
