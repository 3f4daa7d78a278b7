package dev.skerry.server.piston;

import dev.skerry.server.jobs.Submission;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.StageLimits;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;

/** Makes a job of somebody out of a request. */
final class PistonJobs {
    /** For everything around the stages. */
    private static final Duration AROUND = Duration.ofSeconds(30);

    private final ServerSettings settings;
    private final Tenants tenants;
    private final Supplier<Runtimes> runtimes;
    private final BooleanSupplier asking;

    /** @param asking as {@link dev.skerry.wire.jobs.JobHost#asking} */
    PistonJobs(ServerSettings settings, Tenants tenants, Supplier<Runtimes> runtimes, BooleanSupplier asking) {
        this.settings = settings;
        this.tenants = tenants;
        this.runtimes = runtimes;
        this.asking = asking;
    }

    JobRequest read(JsonNode body, Caller caller) {
        return read(body, caller, 0);
    }

    /** For a WebSocket, which takes more output. */
    JobRequest readDialogue(JsonNode body, Caller caller) {
        return read(body, caller, settings.piston().socketOutputBytes());
    }

    private JobRequest read(JsonNode body, Caller caller, long outputBytes) {
        long memory = memoryMax(caller);
        // Also before, as one that is being asked may answer in between.
        boolean before = asking.getAsBoolean();
        return JobRequest.read(
                body,
                runtimes.get(),
                () -> before || asking.getAsBoolean(),
                language -> new LimitTable(settings.piston(), language, memory, outputBytes));
    }

    private long memoryMax(Caller caller) {
        long own = settings.sandboxes().memoryBytes();
        long quota = tenants.quota(caller.tenant()).limit(Resource.MEMORY_BYTES).orElse(own);
        return Math.max(Limits.MEMORY_BYTES_MIN, Math.min(own, quota));
    }

    /**
     * What was decided, with where a floor comes from that no rule of trust demands: the request itself, or a setting.
     */
    static TrustPolicy.Decision explained(TrustPolicy.Decision decision, JobRequest request, Caller caller) {
        boolean asked = request.wishes()
                .isolation()
                .filter(wished -> wished == decision.floor())
                .isPresent();
        if (!decision.rule().equals(TrustPolicy.REQUEST) || asked) {
            return decision;
        }
        String setting = caller.anonymous() ? "piston.anonymous-isolation" : "sandboxes.isolation";
        return new TrustPolicy.Decision(setting, decision.floor());
    }

    /**
     * The whole job.
     *
     * @param stdin empty: it comes while the program runs
     */
    Submission submit(String id, JobRequest request, Caller caller, Optional<String> stdin) {
        Isolation floor = request.wishes()
                .isolation()
                .filter(wished -> wished.satisfies(caller.floor()))
                .orElse(caller.floor());
        StageLimits run = request.run();
        JobOrder order = new JobOrder(
                id,
                request.runtime(),
                floor,
                settings.sandboxes()
                        .limits()
                        .withMemoryBytes(memoryMax(caller))
                        .withWallTime(request.compile().wall().plus(run.wall()).plus(AROUND)),
                request.files(),
                Map.of("PISTON_LANGUAGE", request.runtime().language()),
                request.compile(),
                request.wishes().prestarted(),
                List.of(new JobCase(
                        stdin.map(text -> Js.utf8(JobRequest.withNewline(text))), request.arguments(), run)));
        return new Submission(
                caller.tenant(),
                caller.user().or(request.wishes()::user),
                caller.anonymous() ? 0 : request.wishes().priority(),
                Optional.empty(),
                Map.of("door", "piston", "access", caller.anonymous() ? "anonymous" : "key"),
                order);
    }
}
