package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who comes late to the end of a sandbox does nothing to the one that was made anew under its name. */
class LateWatcherTest {
    private static final int ROUNDS = 20;

    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final TestHost host = TestHost.make();
    private final Engine engine = host.engine();
    private final Incarnation incarnation =
            new Incarnation(SandboxId.create(InstantSource.system().instant(), new SecureRandom()), 1);

    @AfterEach
    void nothingIsLeft() {
        engine.erase(incarnation);
        engine.close();
        host.assertNothingLeft();
    }

    private Sandbox start() {
        SandboxSpec spec = SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT);
        return engine.start(incarnation, spec, Optional.empty(), HostListener.NOBODY);
    }

    private Remains watcher(Installation installation) {
        return new Remains(installation, engine.drivers(), installation.folder(incarnation.toString()));
    }

    /** Ends the first of two of one name, with what is tried once it is gone; nothing happens to the second. */
    private void comesLate(Function<Remains, SandboxEnd> late) throws Exception {
        try (Installation installation = Installation.open(host.settings())) {
            Remains watcher = watcher(installation);
            Remains other = watcher(installation);
            Sandbox first = start();
            SandboxEnd end = watcher.destroy();
            assertThat(first.awaitEnd(DriverFixture.BOUND)).contains(end);
            assertThat(late.apply(other)).as("finds all of it removed").isEqualTo(end);
            engine.erase(incarnation);

            Sandbox second = start();
            assertThat(late.apply(watcher)).isEqualTo(end);
            assertThat(late.apply(other)).isEqualTo(end);
            assertThat(first.destroy()).isEqualTo(end);
            first.close();
            assertThat(second.guest().ping(DriverFixture.BOUND)).isPositive();
            assertThat(host.runFolderOf(second).resolve("condemned")).doesNotExist();
            assertThat(second.destroy().cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
        }
    }

    /** Two remove it at once, the second of them after the first has written its end down and removed the rest. */
    @Test
    void whatIsWrittenDownOfItsEndStays() {
        try (Installation installation = Installation.open(host.settings())) {
            for (int round = 0; round < ROUNDS; round++) {
                Sandbox sandbox = start();
                SandboxEnd end = watcher(installation).destroy();
                assertThat(sandbox.destroy()).isEqualTo(end);
                assertThat(installation.folder(incarnation.toString()).end())
                        .as("round %d", round)
                        .contains(end);
                engine.erase(incarnation);
            }
        }
    }

    /** Of who was killed after the group was removed, and before the end was written down. */
    @Test
    void thatItRanOutOfMemoryIsKnownWithoutItsGroup() throws Exception {
        try (Installation installation = Installation.open(host.settings())) {
            Sandbox sandbox = start();
            SandboxRecord record = sandbox.record();
            sandbox.destroy();
            engine.erase(incarnation);

            RunFolder folder = installation.folder(incarnation.toString());
            folder.create(record);
            Files.writeString(folder.path().resolve("exit"), "cause=1\nexit_signal=9\n");
            folder.noteOutOfMemory();
            assertThat(watcher(installation).remove().cause()).isEqualTo(SandboxEnd.Cause.OUT_OF_MEMORY);
        }
    }

    @Test
    void whoWatchedForItsEnd() throws Exception {
        comesLate(Remains::remove);
    }

    @Test
    void whoBroughtItsEndAbout() throws Exception {
        comesLate(Remains::destroy);
    }
}
