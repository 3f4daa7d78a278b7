package dev.skerry.cli;

import dev.skerry.cli.HostChecks.Check;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.jobs.Job;
import dev.skerry.host.jobs.Job.StageLimits;
import dev.skerry.host.jobs.JobResult;
import dev.skerry.host.jobs.JobRunner;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.JobStatus;
import dev.skerry.host.jobs.JobStreams;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tries each driver: what it needs is looked at, and then a sandbox is made, because only that proves that it works.
 */
final class DriverTrials {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final Map<Isolation, String> PACKAGES =
            Map.of(Isolation.CONTAINER, "crun", Isolation.GVISOR, "runsc", Isolation.MICROVM, "");

    private final Host host;
    private boolean containerWorks;

    DriverTrials(Host host) {
        this.host = host;
    }

    /** After {@link #all}: whether a sandbox of the default level could be made. */
    boolean containerWorks() {
        return containerWorks;
    }

    List<Check> all() throws InterruptedException {
        List<Check> checks = new ArrayList<>();
        List<Host.DriverReport> drivers = host.drivers();
        for (Isolation level : List.of(Isolation.CONTAINER, Isolation.GVISOR)) {
            Optional<Host.DriverReport> driver =
                    drivers.stream().filter(found -> found.level() == level).findFirst();
            if (driver.isPresent()) {
                driver.get().findings().forEach(finding -> checks.add(check(level, finding)));
                checks.add(trial(level, driver.get().runtime()));
            } else {
                checks.add(new Check(
                        level.label(),
                        Check.State.MISSING,
                        "no runtime is installed",
                        "sandboxes of level " + level.label(),
                        "apt-get install -y --no-install-recommends " + PACKAGES.get(level)));
            }
        }
        return checks;
    }

    private static Check check(Isolation level, Host.Finding finding) {
        return new Check(
                level.label() + ": " + finding.what(),
                finding.good() ? Check.State.OK : Check.State.MISSING,
                finding.detail(),
                "sandboxes of level " + level.label(),
                finding.fix());
    }

    private Check trial(Isolation level, String runtime) throws InterruptedException {
        String purpose = "sandboxes of level " + level.label();
        long start = System.nanoTime();
        var spec = SandboxSpec.base(level, Limits.DEFAULT.withWallTime(BOUND));
        try (JobSandbox sandbox = host.create(spec)) {
            long ready = System.nanoTime();
            JobResult result = JobRunner.run(sandbox, job(), JobStreams.keeping(InputStream.nullInputStream()));
            boolean good = result.status() == JobStatus.OK && sandbox.place().isolation() == level;
            containerWorks |= good && level == Isolation.CONTAINER;
            String detail = good
                    ? "works with %s: a sandbox after %.0f ms, 'true' in it after %.0f ms more"
                            .formatted(runtime, (ready - start) / 1e6, (System.nanoTime() - ready) / 1e6)
                    : "'true' ended with " + result.status().label() + " at level "
                            + sandbox.place().isolation().label();
            return new Check(level.label(), good ? Check.State.OK : Check.State.MISSING, detail, purpose, "");
        } catch (Failure e) {
            return new Check(
                    level.label(),
                    Check.State.MISSING,
                    "does not work with " + runtime + ": " + e.getMessage(),
                    purpose,
                    e.hint().orElse(""));
        }
    }

    private static Job job() {
        var limits = new StageLimits(Optional.of(BOUND), Optional.empty());
        return new Job(
                new Job.Program.Command(List.of("true")),
                List.of(),
                Map.of(),
                Optional.empty(),
                "user",
                limits,
                limits,
                1 << 20);
    }
}
