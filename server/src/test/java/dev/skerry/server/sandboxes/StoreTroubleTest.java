package dev.skerry.server.sandboxes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.tenants.Quota;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What callers see when one write fails, whether or not it has happened. */
class StoreTroubleTest {
    private static final Duration LONG = Duration.ofMinutes(5);

    private final TroublingStore store = new TroublingStore();
    private final SimulatedHost host = new SimulatedHost();
    private final StoredSandboxes sandboxes =
            StoredSandboxes.open(store, host, Samples.settings(10), _ -> Quota.UNSAID, InstantSource.system());

    /** Fails once, at the next write of such a state. */
    private static final class TroublingStore extends ForwardingStore {
        final AtomicReference<Optional<Predicate<SandboxState>>> before = new AtomicReference<>(Optional.empty());
        final AtomicReference<Optional<Predicate<SandboxState>>> after = new AtomicReference<>(Optional.empty());

        TroublingStore() {
            super(new InMemorySandboxStore());
        }

        private static void perhapsFail(AtomicReference<Optional<Predicate<SandboxState>>> when, SandboxState state) {
            if (when.get().filter(test -> test.test(state)).isPresent()) {
                when.set(Optional.empty());
                throw new UncheckedStoreTrouble();
            }
        }

        @Override
        public boolean replace(Sandbox next, List<Note> notes) {
            perhapsFail(before, next.state());
            boolean replaced = super.replace(next, notes);
            perhapsFail(after, next.state());
            return replaced;
        }
    }

    /** A call fails once, with nothing done. */
    private static SimulatedHost.Trouble failsOnce(SimulatedHost.Call which) {
        AtomicReference<Optional<Failure>> failure =
                new AtomicReference<>(Optional.of(new Failure(ErrorCode.NO_CAPACITY, "not now", "later")));
        return new SimulatedHost.Trouble() {
            @Override
            public void before(SimulatedHost.Call call) {
                if (call == which) {
                    Optional<Failure> once = failure.getAndSet(Optional.empty());
                    if (once.isPresent()) {
                        throw once.get();
                    }
                }
            }
        };
    }

    @AfterEach
    void close() {
        sandboxes.close();
        assertThat(store.before.get()).isEmpty();
        assertThat(store.after.get()).isEmpty();
        assertThat(host.violations()).isEmpty();
    }

    private Sandbox create() throws InterruptedException {
        return sandboxes.create(Samples.TENANT, Samples.config(Lifetime.ENDS), LONG, Optional.empty());
    }

    @Test
    void oneWhoseResumeWasStoredWithoutAnAnswerLetsCallersIn() throws Exception {
        Sandbox sandbox = create();
        sandboxes.streamsOf(sandbox.id()).enter().close();
        sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY);
        store.after.set(Optional.of(SandboxState.Running.class::isInstance));
        sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, true);
        sandboxes.streamsOf(sandbox.id()).enter().close();
    }

    @Test
    void aStartThatSucceedsAtItsSecondTryHasSucceeded() throws Exception {
        host.trouble(failsOnce(SimulatedHost.Call.START));
        store.before.set(Optional.of(SandboxState.Stopping.class::isInstance));
        Sandbox sandbox = create();
        assertThat(sandbox.state()).isInstanceOf(SandboxState.Running.class);
    }

    @Test
    void soHasAPauseAndAResume() throws Exception {
        Sandbox sandbox = create();
        host.trouble(failsOnce(SimulatedHost.Call.FREEZE));
        store.before.set(Optional.of(SandboxState.Running.class::isInstance));
        sandboxes.pause(Samples.TENANT, sandbox.id(), PauseKind.MEMORY);
        assertThat(sandboxes.get(Samples.TENANT, sandbox.id()).state()).isInstanceOf(SandboxState.Paused.class);
        host.trouble(failsOnce(SimulatedHost.Call.THAW));
        store.before.set(Optional.of(SandboxState.Paused.class::isInstance));
        assertThat(sandboxes.connect(Samples.TENANT, sandbox.id(), LONG, true).resumed())
                .isTrue();
    }
}
