package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;

/** Orders as a server gives them. */
final class JobOrders {
    static final StageLimits STAGE = StageLimits.of(Duration.ofSeconds(20), Duration.ofSeconds(20), 64 << 10);
    private static final AtomicInteger NUMBER = new AtomicInteger();

    private JobOrders() {}

    static LanguageRuntime runtime(JobHost host, String language) {
        List<LanguageRuntime> found = host.runtimes().stream()
                .filter(each ->
                        each.language().equals(language) && each.template().equals("base"))
                .toList();
        assertThat(found).as(language + " on this machine").hasSize(1);
        return found.getFirst();
    }

    static JobOrder of(LanguageRuntime runtime, String code, JobCase... cases) {
        return of(runtime, List.of(file("main", code)), cases);
    }

    static JobOrder of(LanguageRuntime runtime, List<JobFile> files, JobCase... cases) {
        return new JobOrder(
                "job-" + NUMBER.incrementAndGet(),
                runtime,
                Isolation.CONTAINER,
                Limits.DEFAULT,
                files,
                Map.of(),
                STAGE,
                false,
                cases.length == 0 ? List.of(input("")) : Arrays.asList(cases));
    }

    static JobFile file(String name, String content) {
        return new JobFile(name, content.getBytes(StandardCharsets.UTF_8));
    }

    static JobCase input(String stdin, String... arguments) {
        return limited(STAGE, stdin, arguments);
    }

    static JobCase limited(StageLimits limits, String stdin, String... arguments) {
        return new JobCase(Optional.of(stdin.getBytes(StandardCharsets.UTF_8)), Arrays.asList(arguments), limits);
    }

    static StageLimits memory(long bytes) {
        return new StageLimits(
                STAGE.wall(),
                STAGE.cpu(),
                OptionalLong.of(bytes),
                STAGE.outputBytes(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                OptionalLong.empty());
    }

    static StageLimits counts(int processes, int openFiles, long fileBytes) {
        return new StageLimits(
                STAGE.wall(),
                STAGE.cpu(),
                OptionalLong.empty(),
                STAGE.outputBytes(),
                OptionalInt.of(processes),
                OptionalInt.of(openFiles),
                OptionalLong.of(fileBytes));
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
