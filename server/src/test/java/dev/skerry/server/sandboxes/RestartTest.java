package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.tenants.Quota;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** One process ends, in whatever way, and the next one finds store and host as they are. */
class RestartTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private final SandboxStore store = new InMemorySandboxStore();
    private final SimulatedHost host = new SimulatedHost();
    private StoredSandboxes sandboxes = open();

    private StoredSandboxes open() {
        return StoredSandboxes.open(store, host, Samples.settings(1000), _ -> Quota.UNSAID, InstantSource.system());
    }

    private void restart() {
        sandboxes.close();
        sandboxes = open();
    }

    @AfterEach
    void close() {
        sandboxes.close();
        assertThat(host.violations()).isEmpty();
    }

    private Sandbox create(Optional<String> key) throws InterruptedException {
        return sandboxes.create(Samples.TENANT, Samples.config(Samples.WAKES), LONG, key);
    }

    private Cause awaitEnd(SandboxId id) {
        Eventually.holds(() -> store.get(id).orElseThrow().state() instanceof SandboxState.Stopped);
        return ((SandboxState.Stopped) store.get(id).orElseThrow().state()).reason();
    }

    @Test
    void everythingIsThereAgainAndNothingWasStartedTwice() throws Exception {
        Sandbox running = create(Optional.of("key"));
        Sandbox frozen = create(Optional.empty());
        sandboxes.pause(Samples.TENANT, frozen.id(), PauseKind.MEMORY);
        Sandbox onDisk = create(Optional.empty());
        sandboxes.pause(Samples.TENANT, onDisk.id(), PauseKind.DISK);
        restart();
        assertThat(sandboxes.get(Samples.TENANT, running.id())).isEqualTo(running);
        assertThat(create(Optional.of("key"))).isEqualTo(running);
        assertThat(sandboxes.running()).isEqualTo(1);
        assertThat(sandboxes
                        .connect(Samples.TENANT, frozen.id(), LONG, true)
                        .sandbox()
                        .generation())
                .isEqualTo(1);
        assertThat(sandboxes
                        .connect(Samples.TENANT, onDisk.id(), LONG, true)
                        .sandbox()
                        .generation())
                .isEqualTo(2);
        assertThat(host.starts()).isEqualTo(4);
    }

    @Test
    void whatWasUnderWayIsDrivenOn() {
        sandboxes.close();
        Sandbox fresh = SandboxLifecycle.create(
                        Samples.id(Samples.NOON),
                        new SandboxLifecycle.Wish(Samples.TENANT, Samples.config(Lifetime.ENDS), LONG, Origin.NONE),
                        SimulatedHost.ID,
                        InstantSource.system().instant())
                .sandbox();
        assertThat(store.insert(fresh, Optional.empty(), List.of())).isEmpty();
        sandboxes = open();
        Eventually.holds(() -> store.get(fresh.id()).orElseThrow().state() instanceof SandboxState.Running);
        assertThat(host.boxes()).extracting(HostedSandbox::incarnation).containsExactly(fresh.incarnation());
    }

    @Test
    void whatExpiredMeanwhileEnds() throws Exception {
        Sandbox brief = sandboxes.create(
                Samples.TENANT, Samples.config(Lifetime.ENDS), Duration.ofMillis(20), Optional.empty());
        sandboxes.close();
        Eventually.holds(() -> InstantSource.system().instant().isAfter(brief.endsAt()));
        sandboxes = open();
        assertThat(awaitEnd(brief.id())).isEqualTo(Cause.EXPIRED);
    }

    @Test
    void aRebootOfTheHostEndsAllButDisks() throws Exception {
        Sandbox running = create(Optional.empty());
        Sandbox frozen = create(Optional.empty());
        sandboxes.pause(Samples.TENANT, frozen.id(), PauseKind.MEMORY);
        Sandbox onDisk = create(Optional.empty());
        sandboxes.pause(Samples.TENANT, onDisk.id(), PauseKind.DISK);
        sandboxes.close();
        host.reboot();
        sandboxes = open();
        Sandbox fresh = create(Optional.empty());
        assertThat(awaitEnd(running.id())).isEqualTo(Cause.HOST_REBOOTED);
        assertThat(awaitEnd(frozen.id())).isEqualTo(Cause.HOST_REBOOTED);
        Eventually.holds(() -> store.boot(SimulatedHost.ID).equals(Optional.of("boot-2")));
        assertThat(sandboxes.get(Samples.TENANT, fresh.id()).state()).isInstanceOf(SandboxState.Running.class);
        assertThat(sandboxes.connect(Samples.TENANT, onDisk.id(), LONG, true).resumed())
                .isTrue();
    }

    @Test
    void whatTheHostDoesNotHaveAnyMoreEnds() throws Exception {
        Sandbox sandbox = create(Optional.empty());
        sandboxes.close();
        host.forget(sandbox.incarnation());
        sandboxes = open();
        assertThat(awaitEnd(sandbox.id())).isEqualTo(Cause.HOST_LOST);
        assertThat(host.keptDisks()).isEmpty();
    }

    @Test
    void whatBelongsToNobodyIsRemovedFromTheHost() throws Exception {
        Sandbox mine = create(Optional.empty());
        Incarnation stray = new Incarnation(Samples.id(Samples.NOON), 1);
        HostedSandbox started = host.start(new StartSandbox(
                stray, "base", Isolation.CONTAINER, Limits.DEFAULT, Privilege.NONE, Optional.empty(), true));
        assertThat(started.incarnation()).isEqualTo(stray);
        restart();
        Eventually.holds(() -> host.boxes().size() == 1 && host.keptDisks().equals(List.of(mine.id())));
        assertThat(sandboxes.tally().strays()).isPositive();
        assertThat(sandboxes.get(Samples.TENANT, mine.id()).state()).isInstanceOf(SandboxState.Running.class);
    }

    @Test
    void aHostThatCannotBeReachedAtFirstIsToldLater() throws Exception {
        Sandbox sandbox = create(Optional.empty());
        sandboxes.close();
        host.trouble(new SimulatedHost.Trouble() {
            @Override
            public void before(SimulatedHost.Call call) {
                throw new Failure(ErrorCode.HOST_UNREACHABLE, "the host cannot be reached");
            }
        });
        sandboxes = open();
        assertThat(sandboxes.get(Samples.TENANT, sandbox.id())).isEqualTo(sandbox);
        Eventually.holds(() -> sandboxes.retrying() == 1);
        assertThat(sandboxes.overdue()).isZero();
        host.trouble(SimulatedHost.Trouble.NONE);
        sandboxes.kill(Samples.TENANT, sandbox.id());
        assertThat(host.boxes()).isEmpty();
    }
}
