package dev.skerry.server.sandboxes;

import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.stream.GuestConnection;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sandboxes of one host, kept in a store. It takes up what a process before it has left, and leaves everything
 * running when it is closed; store and host are closed by whoever opened them, afterwards.
 */
public final class StoredSandboxes implements Sandboxes, LiveSandboxes, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoredSandboxes.class);

    /** Transitions end by their own deadlines; this is for one that even then does not. */
    static final Duration TRANSITION = Duration.ofSeconds(90);

    /** Of resuming one, before that is given up. */
    private static final int ATTEMPTS = 3;

    private static final Duration TOLD = Duration.ofSeconds(10);
    private static final Duration CONFIRMATION = Duration.ofMillis(250);
    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final Duration OVERDUE = Duration.ofSeconds(10);

    private final SandboxStore store;
    private final HostAgent host;
    private final SandboxSettings settings;
    private final ExecutorService executor;
    private final SandboxEngine engine;
    private final Reconciler reconciler;
    private final Creation creation;
    private volatile boolean closed;

    private StoredSandboxes(
            SandboxStore store,
            HostAgent host,
            SandboxSettings settings,
            Function<TenantId, Quota> quotas,
            InstantSource clock) {
        this.store = store;
        this.host = host;
        this.settings = settings;
        this.executor = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("sandbox-", 0).factory());
        this.engine = new SandboxEngine(
                store,
                host,
                new SandboxEngine.Rules(settings.runningMax(), quotas, CONFIRMATION, new SecureRandom()),
                clock,
                executor);
        this.reconciler = new Reconciler(engine, clock);
        this.creation = new Creation(engine, this::isClosed);
    }

    /**
     * Serves at once what was running; what was under way is driven on.
     *
     * @param quotas of each tenant; {@code NOT_FOUND} for one that there is not
     */
    public static StoredSandboxes open(
            SandboxStore store,
            HostAgent host,
            SandboxSettings settings,
            Function<TenantId, Quota> quotas,
            InstantSource clock) {
        StoredSandboxes sandboxes = new StoredSandboxes(store, host, settings, quotas, clock);
        try {
            sandboxes.engine.load();
            host.listen(sandboxes.reconciler);
            sandboxes.lookAtHost();
            sandboxes.engine.start();
            sandboxes.reconciler.start();
            return sandboxes;
        } catch (RuntimeException | Error e) {
            sandboxes.executor.shutdownNow();
            throw e;
        }
    }

    private void lookAtHost() {
        try {
            engine.compareWithHost();
        } catch (RuntimeException e) {
            LOG.warn("the host cannot be looked at yet", e);
        }
    }

    @Override
    public Sandbox create(TenantId tenant, SandboxConfig config, Duration timeout, Optional<String> idempotencyKey)
            throws InterruptedException {
        return creation.create(tenant, config, timeout, idempotencyKey);
    }

    @Override
    public Sandbox get(TenantId tenant, SandboxId id) {
        Sandbox sandbox = entry(tenant, id).sandbox();
        if (SandboxQuery.Visible.of(sandbox.state()).isEmpty()) {
            throw notFound(id);
        }
        return sandbox;
    }

    private Entry entry(TenantId tenant, SandboxId id) {
        return engine.find(id)
                .filter(entry -> entry.sandbox().tenant().equals(tenant))
                .orElseThrow(() -> notFound(id));
    }

    private static Failure notFound(SandboxId id) {
        return refused(Refusals.notFound(id));
    }

    private static Failure refused(Decision.Refused refused) {
        return new Failure(refused.code(), refused.message());
    }

    private void ask(Entry entry, LifecycleEvent.Asked asked) {
        if (engine.apply(entry, asked) instanceof Decision.Refused refused) {
            throw refused(refused);
        }
    }

    @Override
    public SandboxPage list(TenantId tenant, SandboxQuery query) {
        return store.list(tenant, query);
    }

    @Override
    public int running(TenantId tenant) {
        return engine.running(tenant);
    }

    @Override
    public void kill(TenantId tenant, SandboxId id) throws InterruptedException {
        Entry entry = entry(tenant, id);
        ask(entry, new LifecycleEvent.KillAsked());
        entry.awaitEnd(TRANSITION, this::isClosed);
    }

    @Override
    public void timeout(TenantId tenant, SandboxId id, Duration fromNow) throws InterruptedException {
        Entry entry = entry(tenant, id);
        if (fromNow.isPositive()) {
            ask(entry, new LifecycleEvent.Renewed(fromNow));
            entry.awaitQuiet(TOLD, this::isClosed);
        } else {
            entry.awaitRunning(TRANSITION, this::isClosed);
            ask(entry, new LifecycleEvent.EndAsked());
            entry.awaitSettled(TRANSITION, this::isClosed);
        }
    }

    @Override
    public void extend(TenantId tenant, SandboxId id, Duration fromNow) throws InterruptedException {
        Entry entry = entry(tenant, id);
        ask(entry, new LifecycleEvent.Extended(fromNow, Cause.REQUESTED));
        entry.awaitQuiet(TOLD, this::isClosed);
    }

    @Override
    public void pause(TenantId tenant, SandboxId id, PauseKind kind) throws InterruptedException {
        Entry entry = entry(tenant, id);
        entry.awaitRunning(TRANSITION, this::isClosed);
        if (entry.sandbox().state() instanceof SandboxState.Pausing pausing) {
            entry.awaitLeaving(pausing, TRANSITION, this::isClosed);
        }
        Decision decision = engine.apply(entry, new LifecycleEvent.PauseAsked(kind));
        switch (decision) {
            case Decision.Refused refused -> throw refused(refused);
            case Decision.Changed(Sandbox sandbox, List<Effect> _, List<Note> _) -> {
                entry.awaitSuccess(sandbox.state(), TRANSITION, this::isClosed);
                entry.failIfEnded();
            }
            case Decision.Repeated _, Decision.Unchanged _ -> throw new IllegalStateException("a pause has an answer");
        }
    }

    @Override
    public Connected connect(TenantId tenant, SandboxId id, Duration timeout, boolean memory)
            throws InterruptedException {
        return connect(entry(tenant, id), new LifecycleEvent.ResumeAsked(timeout, Cause.REQUESTED), memory);
    }

    private Connected connect(Entry entry, LifecycleEvent.ResumeAsked asked, boolean memory)
            throws InterruptedException {
        LifecycleEvent.Extended extended = new LifecycleEvent.Extended(asked.timeout(), asked.cause());
        boolean resumed = false;
        boolean hasItsTime = false;
        int attempts = 0;
        while (true) {
            Sandbox sandbox = entry.sandbox();
            if (!entry.stored()) {
                throw notFound(sandbox.id());
            }
            switch (sandbox.state()) {
                case SandboxState.Running _ -> {
                    // Refused: it was just paused or killed; what is next is seen in the next round.
                    if (hasItsTime || !(engine.apply(entry, extended) instanceof Decision.Refused)) {
                        entry.awaitQuiet(TOLD, this::isClosed);
                        Sandbox now = entry.sandbox();
                        if (now.state() instanceof SandboxState.Running) {
                            return new Connected(now, resumed);
                        }
                    }
                }
                case SandboxState.Starting starting -> entry.awaitSuccess(starting, TRANSITION, this::isClosed);
                case SandboxState.Pausing pausing -> entry.awaitLeaving(pausing, TRANSITION, this::isClosed);
                case SandboxState.Resuming resuming -> {
                    resumed = true;
                    hasItsTime = !(engine.apply(entry, extended) instanceof Decision.Refused);
                    entry.awaitSuccess(resuming, TRANSITION, this::isClosed);
                }
                case SandboxState.Paused paused -> {
                    boolean drops = !memory && paused.kind() == PauseKind.MEMORY;
                    Decision decision =
                            drops ? engine.apply(entry, new LifecycleEvent.ColdAsked()) : engine.resume(entry, asked);
                    if (decision instanceof Decision.Refused refused) {
                        throw refused(refused);
                    }
                    hasItsTime = !drops && decision instanceof Decision.Changed;
                    if (decision instanceof Decision.Changed(Sandbox next, List<Effect> _, List<Note> _)) {
                        resumed = true;
                        entry.awaitSuccess(next.state(), TRANSITION, this::isClosed);
                        if (++attempts > ATTEMPTS) {
                            throw refused(Refusals.notResumed(sandbox.id()));
                        }
                    }
                }
                case SandboxState.Stopping _ -> ask(entry, extended);
                case SandboxState.Stopped _ -> throw notFound(sandbox.id());
            }
        }
    }

    @Override
    public LiveSandbox reach(SandboxId id) throws InterruptedException {
        Entry entry = engine.find(id).orElseThrow(() -> notFound(id));
        LiveSandbox live = entry.live();
        if (live != null && !live.guest().closed()) {
            return live;
        }
        while (true) {
            Sandbox sandbox = entry.sandbox();
            if (!entry.stored()) {
                throw notFound(sandbox.id());
            }
            switch (sandbox.state()) {
                case SandboxState.Running _ -> {
                    Optional<LiveSandbox> fresh = entry.goLive(attach(sandbox, entry));
                    if (fresh.isPresent()) {
                        return fresh.get();
                    }
                }
                case SandboxState.Starting starting -> entry.awaitSuccess(starting, TRANSITION, this::isClosed);
                case SandboxState.Resuming resuming -> entry.awaitSuccess(resuming, TRANSITION, this::isClosed);
                case SandboxState.Pausing pausing -> entry.awaitLeaving(pausing, TRANSITION, this::isClosed);
                case SandboxState.Paused _ -> {
                    if (!sandbox.config().lifetime().wakesOnTraffic()) {
                        throw refused(Refusals.isPaused(id));
                    }
                    connect(entry, new LifecycleEvent.ResumeAsked(settings.resumeTimeout(), Cause.TRAFFIC), true);
                }
                case SandboxState.Stopping _, SandboxState.Stopped _ -> throw notFound(id);
            }
        }
    }

    private LiveSandbox attach(Sandbox sandbox, Entry entry) {
        Incarnation incarnation = sandbox.incarnation();
        try {
            GuestConnection guest = host.guest(incarnation);
            return new LiveSandbox(sandbox, guest, entry.streams(), () -> host.usage(incarnation));
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                reconciler.report();
            }
            throw e;
        }
    }

    @Override
    public Optional<LiveSandbox> running(SandboxId id) {
        return engine.find(id).map(Entry::live).filter(live -> !live.guest().closed());
    }

    @Override
    public Optional<Sandbox> find(SandboxId id) {
        return engine.find(id).map(Entry::sandbox);
    }

    @Override
    public Optional<Sandbox> stored(SandboxId id) {
        return store.look(id);
    }

    @Override
    public List<SandboxEvent> events(TenantId tenant, SandboxId id) {
        List<SandboxEvent> events = store.events(tenant, id);
        if (events.isEmpty()) {
            throw notFound(id);
        }
        return events;
    }

    @Override
    public List<SandboxEvent> eventsAfter(TenantId tenant, long sequence, int limit) {
        return store.eventsAfter(tenant, sequence, limit);
    }

    @Override
    public EventPage find(TenantId tenant, EventFilter filter, long after, int limit) {
        return store.find(tenant, filter, after, limit);
    }

    @Override
    public Optional<Usage> usage(TenantId tenant, SandboxId id) {
        Sandbox sandbox = entry(tenant, id).sandbox();
        return sandbox.state().onHost() ? Optional.of(host.usage(sandbox.incarnation())) : Optional.empty();
    }

    @Override
    public Map<Resource, Long> use(TenantId tenant) {
        return engine.ledger().of(tenant).amounts();
    }

    /** Of each tenant that has something. */
    public Map<TenantId, Map<Resource, Long>> useByTenant() {
        return engine.ledger().byTenant();
    }

    @Override
    public void retire(TenantId tenant, Runnable deletion) {
        engine.ledger().retire(tenant, deletion);
    }

    /** How many run, or are on their way there. */
    public int running() {
        return engine.running();
    }

    public Tally tally() {
        return engine.tally();
    }

    /** Those that something should have been done to by now. */
    public long overdue() {
        return engine.overdue(OVERDUE);
    }

    public long retrying() {
        return engine.retrying();
    }

    /** Of one that has not ended. */
    OpenStreams streamsOf(SandboxId id) {
        return engine.find(id).orElseThrow(() -> notFound(id)).streams();
    }

    private boolean isClosed() {
        return closed;
    }

    /** Lets go of all sandboxes, which run on. */
    @Override
    public void close() {
        closed = true;
        reconciler.close();
        executor.shutdown();
        engine.wakeWaiters();
        try {
            if (!executor.awaitTermination(CLOSE.toNanos(), TimeUnit.NANOSECONDS)) {
                executor.shutdownNow();
                LOG.warn("something that a host was to do is not done; it will be told again at the next start");
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }
}
