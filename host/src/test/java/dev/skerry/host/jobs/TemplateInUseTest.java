package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.LeftBehind;
import dev.skerry.host.engine.TestHost;
import dev.skerry.host.templates.ImportLimits;
import dev.skerry.host.templates.LayoutOnDisk;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.JobPlace.Warmth;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A template is not removed under a job that has its sandbox by another name. The sandbox runs nothing. */
class TemplateInUseTest {
    private static final String NAME = "tests/used";
    private static final String VERSION = "1.0.0";
    private static final StageLimits STAGE = StageLimits.of(Duration.ofSeconds(2), Duration.ofSeconds(1), 100);

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    @TempDir
    private Path folder;

    private final Engine engine = TestHost.make().engine();
    private final FakeJobSandbox sandbox = new FakeJobSandbox();
    private Runnable meanwhile = () -> {};
    private LocalJobHost jobs;

    @BeforeEach
    void open() throws IOException {
        Path image = LayoutOnDisk.of(folder.resolve("image"), "hello", "used by a job");
        sandbox.digest = engine.templates()
                .importOci(image, Optional.of(NAME), ImportLimits.DEFAULT)
                .digest();
        // As if it had been asked.
        new VersionFile(engine.dataFolder().resolve("runtimes"))
                .write(sandbox.digest, List.of(new VersionFile.Version(Language.BASH, 0, VERSION)));
        jobs = new LocalJobHost(new Runtimes(engine, new JobSandboxes(engine)), order -> {
            meanwhile.run();
            return Claimed.of(sandbox, Warmth.COLD, order.limits());
        });
    }

    @AfterEach
    void close() {
        jobs.close();
        engine.templates().remove(NAME);
        engine.close();
    }

    private static JobOrder order() {
        LanguageRuntime runtime = new LanguageRuntime(
                NAME,
                Language.BASH.label(),
                VERSION,
                Language.BASH.aliases(),
                Language.BASH.toolchains().getFirst().name(),
                false);
        return new JobOrder(
                "job",
                runtime,
                Isolation.CONTAINER,
                Limits.DEFAULT,
                List.of(new JobFile("main.sh", new byte[] {1})),
                Map.of(),
                STAGE,
                false,
                List.of(new JobCase(Optional.of(new byte[0]), List.of(), STAGE)));
    }

    private boolean removedByItsDigest() {
        return jobs.whileNoneUses(Set.of(sandbox.digest), () -> {});
    }

    @Test
    void whatAJobRunsInStays() throws Exception {
        List<Boolean> removed = new ArrayList<>();
        jobs.run(order(), new JobListener() {
            @Override
            public void placed(JobPlace place) {
                removed.add(removedByItsDigest());
            }
        });
        assertThat(removed).containsExactly(false);
        assertThat(removedByItsDigest()).isTrue();
    }

    @Test
    void whatGoesWhileItsSandboxIsMadeIsNotRunIn() throws Exception {
        meanwhile = () -> assertThat(removedByItsDigest()).isTrue();
        assertThatThrownBy(() -> jobs.run(order(), JobListener.NOBODY))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NOT_FOUND));
        assertThat(sandbox.started).isEmpty();
        // The same may have been imported again.
        meanwhile = () -> {};
        assertThat(jobs.run(order(), JobListener.NOBODY).runs()).hasSize(1);
    }
}
