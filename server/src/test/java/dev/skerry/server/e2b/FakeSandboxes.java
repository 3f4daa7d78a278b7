package dev.skerry.server.e2b;

import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.EventFilter;
import dev.skerry.server.sandboxes.EventPage;
import dev.skerry.server.sandboxes.InMemorySandboxStore;
import dev.skerry.server.sandboxes.Note;
import dev.skerry.server.sandboxes.Origin;
import dev.skerry.server.sandboxes.PauseKind;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.sandboxes.SandboxPage;
import dev.skerry.server.sandboxes.SandboxQuery;
import dev.skerry.server.sandboxes.SandboxQuery.Visible;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.HostId;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Sandboxes in a map: the rules of the interface without anything that runs. */
final class FakeSandboxes implements Sandboxes {
    static final HostId HOST = new HostId("local");

    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final Map<SandboxId, Sandbox> all = new HashMap<>();
    private final Map<SandboxId, Sandbox> ended = new HashMap<>();
    private final Map<SandboxId, TenantId> owners = new HashMap<>();
    private final List<SandboxEvent> events = new ArrayList<>();
    private final List<Failure> failures = new ArrayList<>();
    /** Of everything that happens. */
    Cause cause = Cause.REQUESTED;

    final List<String> idempotencyKeys = new ArrayList<>();

    FakeSandboxes(InstantSource clock) {
        this.clock = clock;
    }

    /** Of the next command. */
    synchronized void fail(Failure failure) {
        failures.add(failure);
    }

    private void maybeFail() {
        if (!failures.isEmpty()) {
            throw failures.removeFirst();
        }
    }

    synchronized Sandbox put(Sandbox sandbox) {
        all.put(sandbox.id(), sandbox);
        owners.put(sandbox.id(), sandbox.tenant());
        return sandbox;
    }

    private void happened(SandboxId id, SandboxEvent.Kind kind, String detail) {
        events.add(new SandboxEvent(events.size() + 1L, id, clock.instant(), kind, detail, why(), 1));
    }

    private Why why() {
        return new Why(cause, Origin.current());
    }

    @Override
    public synchronized Sandbox create(
            TenantId tenant, SandboxConfig config, Duration timeout, Optional<String> idempotencyKey) {
        maybeFail();
        idempotencyKey.ifPresent(idempotencyKeys::add);
        Instant now = clock.instant();
        SandboxId id = SandboxId.create(now, random);
        happened(id, SandboxEvent.Kind.CREATED, "for " + timeout.toSeconds() + " seconds");
        happened(id, SandboxEvent.Kind.STARTED, "on local");
        return put(new Sandbox(
                id,
                tenant,
                1,
                1,
                config,
                now,
                now.plus(timeout),
                new SandboxState.Running(HOST, Isolation.CONTAINER, now),
                why()));
    }

    @Override
    public synchronized Sandbox get(TenantId tenant, SandboxId id) {
        maybeFail();
        return Optional.ofNullable(all.get(id))
                .filter(sandbox -> sandbox.tenant().equals(tenant))
                .orElseThrow(() -> new Failure(ErrorCode.NOT_FOUND, "no such sandbox"));
    }

    private static Visible visible(Sandbox sandbox) {
        return sandbox.state() instanceof SandboxState.Paused ? Visible.PAUSED : Visible.RUNNING;
    }

    @Override
    public synchronized SandboxPage list(TenantId tenant, SandboxQuery query) {
        maybeFail();
        List<Sandbox> own = all.values().stream()
                .filter(each -> each.tenant().equals(tenant))
                .toList();
        Comparator<Sandbox> order = Comparator.comparing(Sandbox::id);
        List<Sandbox> found = own.stream()
                .filter(each -> query.states().isEmpty() || query.states().contains(visible(each)))
                .filter(each -> each.config()
                        .metadata()
                        .entrySet()
                        .containsAll(query.metadata().entrySet()))
                .filter(each -> query.startedAfter()
                        .filter(after -> each.createdAt().isBefore(after))
                        .isEmpty())
                .filter(each -> query.template()
                        .filter(wanted -> !each.config().template().equals(wanted)
                                && !each.config().alias().equals(Optional.of(wanted)))
                        .isEmpty())
                .sorted(query.newestFirst() ? order.reversed() : order)
                .filter(each -> query.after()
                        .filter(after -> query.newestFirst()
                                ? each.id().text().compareTo(after) >= 0
                                : each.id().text().compareTo(after) <= 0)
                        .isEmpty())
                .toList();
        List<Sandbox> page = found.stream().limit(query.limit()).toList();
        return new SandboxPage(
                page,
                found.size() > page.size() ? Optional.of(page.getLast().id().text()) : Optional.empty());
    }

    @Override
    public synchronized int running(TenantId tenant) {
        return (int) all.values().stream()
                .filter(each -> each.tenant().equals(tenant) && visible(each) == Visible.RUNNING)
                .count();
    }

    @Override
    public synchronized void kill(TenantId tenant, SandboxId id) {
        get(tenant, id);
        happened(id, SandboxEvent.Kind.ENDED, "requested");
        ended.put(id, all.remove(id));
    }

    private Sandbox change(Sandbox from, Instant endsAt, SandboxState state) {
        return put(new Sandbox(
                from.id(),
                from.tenant(),
                from.revision() + 1,
                from.generation(),
                from.config(),
                from.createdAt(),
                endsAt,
                state,
                why()));
    }

    @Override
    public synchronized void timeout(TenantId tenant, SandboxId id, Duration fromNow) {
        Sandbox sandbox = get(tenant, id);
        if (!fromNow.isPositive()) {
            kill(tenant, id);
            return;
        }
        change(sandbox, clock.instant().plus(fromNow), sandbox.state());
        happened(id, SandboxEvent.Kind.RENEWED, "");
    }

    @Override
    public synchronized void extend(TenantId tenant, SandboxId id, Duration fromNow) {
        Sandbox sandbox = get(tenant, id);
        Instant end = clock.instant().plus(fromNow);
        if (end.isAfter(sandbox.endsAt())) {
            change(sandbox, end, sandbox.state());
        }
    }

    @Override
    public synchronized void pause(TenantId tenant, SandboxId id, PauseKind kind) {
        Sandbox sandbox = get(tenant, id);
        if (visible(sandbox) == Visible.PAUSED) {
            throw new Failure(ErrorCode.CONFLICT, "Error pausing sandbox - sandbox '" + id + "' is already paused");
        }
        change(sandbox, sandbox.endsAt(), new SandboxState.Paused(HOST, Isolation.CONTAINER, kind, clock.instant()));
        happened(id, SandboxEvent.Kind.PAUSED, kind.name());
    }

    @Override
    public synchronized Connected connect(TenantId tenant, SandboxId id, Duration timeout, boolean memory) {
        Sandbox sandbox = get(tenant, id);
        Instant now = clock.instant();
        Instant end = now.plus(timeout);
        if (visible(sandbox) == Visible.RUNNING) {
            Instant later = end.isAfter(sandbox.endsAt()) ? end : sandbox.endsAt();
            return new Connected(change(sandbox, later, sandbox.state()), false);
        }
        happened(id, SandboxEvent.Kind.RESUMED, memory ? "" : "from its disk");
        return new Connected(change(sandbox, end, new SandboxState.Running(HOST, Isolation.CONTAINER, now)), true);
    }

    @Override
    public synchronized Optional<Sandbox> stored(SandboxId id) {
        return Optional.ofNullable(all.get(id)).or(() -> Optional.ofNullable(ended.get(id)));
    }

    @Override
    public synchronized List<SandboxEvent> events(TenantId tenant, SandboxId id) {
        if (!tenant.equals(owners.get(id))) {
            throw new Failure(ErrorCode.NOT_FOUND, "no such sandbox");
        }
        return events.stream().filter(event -> event.id().equals(id)).toList();
    }

    @Override
    public synchronized List<SandboxEvent> eventsAfter(TenantId tenant, long sequence, int limit) {
        return events.stream()
                .filter(event -> tenant.equals(owners.get(event.id())) && event.sequence() > sequence)
                .limit(limit)
                .toList();
    }

    /** By a real store, which is given all of it. */
    @Override
    public synchronized EventPage find(TenantId tenant, EventFilter filter, long after, int limit) {
        InMemorySandboxStore store = new InMemorySandboxStore();
        for (SandboxEvent event : events) {
            Sandbox sandbox = stored(event.id()).orElseThrow();
            List<Note> notes = List.of(new Note(event.kind(), event.at(), event.detail(), event.why()));
            Optional<Sandbox> known = store.get(event.id());
            if (known.isEmpty()) {
                store.insert(revised(sandbox, 1), Optional.empty(), notes);
            } else {
                store.replace(revised(sandbox, known.get().revision() + 1), notes);
            }
        }
        return store.find(tenant, filter, after, limit);
    }

    private static Sandbox revised(Sandbox from, long revision) {
        return new Sandbox(
                from.id(),
                from.tenant(),
                revision,
                from.generation(),
                from.config(),
                from.createdAt(),
                from.endsAt(),
                from.state(),
                from.why());
    }

    @Override
    public Optional<Usage> usage(TenantId tenant, SandboxId id) {
        throw new UnsupportedOperationException();
    }

    @Override
    public synchronized Map<Resource, Long> use(TenantId tenant) {
        long running = all.values().stream()
                .filter(each -> each.tenant().equals(tenant) && visible(each) == Visible.RUNNING)
                .count();
        return Map.of(Resource.SANDBOXES, running);
    }

    @Override
    public synchronized void retire(TenantId tenant, Runnable deletion) {
        if (all.values().stream().anyMatch(each -> each.tenant().equals(tenant))) {
            throw new Failure(ErrorCode.CONFLICT, "it has sandboxes");
        }
        deletion.run();
    }
}
