package dev.skerry.server.sandboxes;

import dev.skerry.server.database.Micros;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** For tests and measurements: what is in it ends with the process. */
public final class InMemorySandboxStore implements SandboxStore {
    private static final Comparator<Sandbox> OLDEST_FIRST = Comparator.comparingLong(
                    (Sandbox sandbox) -> Micros.of(sandbox.createdAt()))
            .thenComparing(Sandbox::id);

    private record Kept(TenantId tenant, SandboxEvent event) {}

    private record Key(TenantId tenant, String text) {}

    private final Map<SandboxId, Sandbox> sandboxes = new LinkedHashMap<>();
    private final Map<Key, SandboxId> keys = new HashMap<>();
    private final Map<HostId, String> boots = new HashMap<>();
    private final List<Kept> history = new ArrayList<>();
    private long sequence;

    @Override
    public synchronized Optional<Sandbox> insert(Sandbox sandbox, Optional<String> key, List<Note> notes) {
        Optional<Key> whole = key.map(text -> new Key(sandbox.tenant(), text));
        Optional<SandboxId> taken = whole.map(keys::get);
        if (taken.isPresent()) {
            return taken.map(sandboxes::get);
        }
        if (sandboxes.putIfAbsent(sandbox.id(), sandbox) != null) {
            throw new IllegalStateException("there is a sandbox " + sandbox.id());
        }
        whole.ifPresent(present -> keys.put(present, sandbox.id()));
        append(sandbox, notes);
        return Optional.empty();
    }

    private void append(Sandbox sandbox, List<Note> notes) {
        for (Note note : notes) {
            sequence++;
            SandboxEvent event =
                    new SandboxEvent(sequence, sandbox.id(), note.at(), note.kind(), note.detail(), note.why(), 0);
            history.add(new Kept(sandbox.tenant(), event));
        }
    }

    @Override
    public synchronized Optional<Sandbox> get(SandboxId id) {
        return Optional.ofNullable(sandboxes.get(id));
    }

    @Override
    public synchronized boolean replace(Sandbox next, List<Note> notes) {
        Sandbox old = sandboxes.get(next.id());
        if (old == null || old.revision() != next.revision() - 1) {
            return false;
        }
        sandboxes.put(next.id(), next);
        if (next.state() instanceof SandboxState.Stopped) {
            keys.values().remove(next.id());
        }
        append(next, notes);
        return true;
    }

    @Override
    public Optional<Sandbox> look(SandboxId id) {
        return get(id);
    }

    @Override
    public synchronized List<Live> live() {
        Map<SandboxId, String> byId = keys.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getValue, entry -> entry.getKey().text()));
        return sandboxes.values().stream()
                .filter(sandbox -> !(sandbox.state() instanceof SandboxState.Stopped))
                .map(sandbox -> new Live(sandbox, Optional.ofNullable(byId.get(sandbox.id()))))
                .toList();
    }

    @Override
    public synchronized SandboxPage list(TenantId tenant, SandboxQuery query) {
        Comparator<Sandbox> order = query.newestFirst() ? OLDEST_FIRST.reversed() : OLDEST_FIRST;
        Optional<PageToken> after = query.after().map(PageToken::parse);
        Predicate<Sandbox> behind = sandbox -> after.map(token -> compare(sandbox, token))
                .map(compared -> query.newestFirst() ? compared < 0 : compared > 0)
                .orElse(true);
        List<Sandbox> found = sandboxes.values().stream()
                .filter(sandbox -> sandbox.tenant().equals(tenant) && matches(sandbox, query))
                .filter(behind)
                .sorted(order)
                .limit(query.limit() + 1L)
                .toList();
        return page(found, query.limit());
    }

    /** Of one more than fit, so that it is known whether there is a next page. */
    static SandboxPage page(List<Sandbox> found, int limit) {
        boolean more = found.size() > limit;
        List<Sandbox> shown = found.subList(0, Math.min(found.size(), limit));
        Optional<String> next = more ? Optional.of(PageToken.of(shown.getLast()).text()) : Optional.empty();
        return new SandboxPage(shown, next);
    }

    private static int compare(Sandbox sandbox, PageToken token) {
        int byTime = Long.compare(Micros.of(sandbox.createdAt()), token.createdAtMicros());
        return byTime != 0 ? byTime : sandbox.id().text().compareTo(token.id());
    }

    private static boolean shown(Sandbox sandbox, Set<SandboxQuery.Visible> states) {
        return SandboxQuery.Visible.of(sandbox.state())
                .filter(visible -> states.isEmpty() || states.contains(visible))
                .isPresent();
    }

    private static boolean matches(Sandbox sandbox, SandboxQuery query) {
        SandboxConfig config = sandbox.config();
        return shown(sandbox, query.states())
                && config.metadata().entrySet().containsAll(query.metadata().entrySet())
                && query.startedAfter()
                        .map(after -> Micros.of(sandbox.createdAt()) >= Micros.of(after))
                        .orElse(true)
                && query.template()
                        .map(name -> name.equals(config.template())
                                || name.equals(config.alias().orElse("")))
                        .orElse(true);
    }

    @Override
    public synchronized List<SandboxEvent> events(TenantId tenant, SandboxId id) {
        return history.stream()
                .filter(kept -> kept.tenant().equals(tenant))
                .map(Kept::event)
                .filter(event -> event.id().equals(id))
                .limit(HISTORY_MAX)
                .toList();
    }

    @Override
    public synchronized List<SandboxEvent> eventsAfter(TenantId tenant, long after, int limit) {
        return history.stream()
                .filter(kept -> kept.tenant().equals(tenant))
                .map(Kept::event)
                .filter(event -> event.sequence() > after)
                .limit(limit)
                .toList();
    }

    @Override
    public synchronized EventPage find(TenantId tenant, EventFilter filter, long after, int limit) {
        List<SandboxEvent> found = history.stream()
                .filter(kept -> kept.tenant().equals(tenant))
                .map(Kept::event)
                .filter(event -> event.sequence() > after && filter.matches(event))
                .limit(limit)
                .toList();
        return EventPage.of(found, limit, Math.max(after, sequence), sequence);
    }

    @Override
    public synchronized Optional<String> boot(HostId host) {
        return Optional.ofNullable(boots.get(host));
    }

    @Override
    public synchronized void recordBoot(HostId host, String bootId) {
        boots.put(host, bootId);
    }

    @Override
    public synchronized int prune(Instant endedBefore) {
        Set<SandboxId> old = sandboxes.values().stream()
                .filter(sandbox -> sandbox.state() instanceof SandboxState.Stopped stopped
                        && stopped.at().isBefore(endedBefore))
                .map(Sandbox::id)
                .collect(Collectors.toSet());
        sandboxes.keySet().removeAll(old);
        history.removeIf(kept -> old.contains(kept.event().id()));
        return old.size();
    }
}
