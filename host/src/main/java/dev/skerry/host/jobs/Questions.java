package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Asks what is in a sandbox which languages it can run, and in which versions. */
final class Questions {
    private static final Duration BOUND = Duration.ofSeconds(20);
    private static final long OUTPUT_BYTES_MAX = 64 << 10;

    private final JobSandbox sandbox;
    private boolean sure = true;

    /**
     * What it has.
     *
     * @param sure whether every toolchain that was left out has said by itself that it does not work; one that took too
     *     long, as on a host that is busy, may say another thing the next time
     */
    record Answer(List<VersionFile.Version> versions, boolean sure) {
        Answer {
            versions = List.copyOf(versions);
        }
    }

    Questions(JobSandbox sandbox) {
        this.sandbox = sandbox;
    }

    /** Of each language the first toolchain that is there. */
    Answer ask() throws InterruptedException {
        sandbox.makeFolder(JobRunner.FOLDER, JobSandboxes.USER);
        List<VersionFile.Version> found = new ArrayList<>();
        for (Language language : Language.values()) {
            ask(language).ifPresent(found::add);
        }
        return new Answer(found, sure);
    }

    private Optional<VersionFile.Version> ask(Language language) throws InterruptedException {
        List<Toolchain> toolchains = language.toolchains();
        int[] present = IntStream.range(0, toolchains.size())
                .filter(i -> toolchains.get(i).programs().stream().allMatch(sandbox::has))
                .toArray();
        for (int i : present) {
            Toolchain toolchain = toolchains.get(i);
            boolean recent =
                    toolchain.probe().isEmpty() || output(toolchain.probe()).isPresent();
            Optional<String> number = recent ? output(toolchain.version()).flatMap(Versions::in) : Optional.empty();
            if (number.isPresent()) {
                return Optional.of(new VersionFile.Version(language, i, number.get()));
            }
        }
        return Optional.empty();
    }

    /** What a command prints; empty when it fails, or what is there is no program. */
    private Optional<String> output(List<String> words) throws InterruptedException {
        try {
            return outputOf(words);
        } catch (Failure e) {
            if (e.code().kind() == ErrorCode.Kind.CALLER) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Optional<String> outputOf(List<String> words) throws InterruptedException {
        var text = new ByteArrayOutputStream();
        OutputPump.Sink sink = (bytes, count) -> text.write(bytes, 0, count);
        Map<String, String> environment = new HashMap<>(sandbox.environment());
        environment.put("HOME", "/tmp");
        var start = new JobSandbox.Start(
                "version",
                words,
                environment,
                JobRunner.FOLDER,
                JobSandboxes.USER,
                new Job.StageLimits(Optional.of(BOUND), Optional.empty()),
                Optional.empty());
        StageRun.Ended ended = StageRun.run(
                sandbox,
                new StageRun.Plan(
                        start,
                        Optional.empty(),
                        StageInput.of(new byte[0]),
                        sink,
                        sink,
                        OUTPUT_BYTES_MAX,
                        process -> {}));
        JobStatus status = StageEnd.decide(ended.facts());
        sure &= status != JobStatus.TIMED_OUT && status != JobStatus.SANDBOX_ERROR;
        return status == JobStatus.OK ? Optional.of(text.toString(StandardCharsets.UTF_8)) : Optional.empty();
    }
}
