package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.Deadline;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostFacts;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.HostTemplate;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.SandboxNeeds;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.stream.GuestConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A host without sandboxes: it keeps the books of a real one, in memory. What goes wrong with it is up to its
 * {@link Trouble}: calls can be slow, fail, or lose their answers, and lists can lie. It notes what a server must never
 * do to it. Thread-safe; while a call waits in its trouble, others are carried out.
 */
public final class SimulatedHost implements HostAgent {
    public final FakeTemplates templates = new FakeTemplates();
    public volatile JobHost jobs = JobHost.NONE;

    public static final HostId ID = new HostId("simulated");

    /** A command or a question. */
    public enum Call {
        START,
        FREEZE,
        THAW,
        DEADLINE,
        DESTROY,
        DISCARD_DISK,
        LIST,
        DISKS,
        GUEST
    }

    /** What goes wrong. Whatever it throws is what the caller of the host sees. */
    public interface Trouble {
        Trouble NONE = new Trouble() {};

        /** Nothing of the call has happened yet. */
        default void before(Call call) throws InterruptedException {}

        /** All of it has happened, but the caller does not know yet; a start is under way. */
        default void after(Call call) throws InterruptedException {}

        /** It answers as if it had done it. */
        default boolean onlyPretends(Call call) {
            return false;
        }

        default List<HostedSandbox> told(List<HostedSandbox> truth) {
            return truth;
        }

        default List<SandboxId> toldDisks(List<SandboxId> truth) {
            return truth;
        }
    }

    private final Map<Incarnation, SimulatedBox> boxes = new LinkedHashMap<>();
    private final Set<SandboxId> disks = new LinkedHashSet<>();
    private final List<String> violations = new ArrayList<>();
    private final Function<Incarnation, GuestConnection> guests;
    private volatile Trouble trouble = Trouble.NONE;
    private volatile Optional<HostListener> listener = Optional.empty();
    final Epochs epochs = new Epochs(violations);
    final ReadyBoxes ready = new ReadyBoxes();
    private int boots = 1;
    private int starts;

    public SimulatedHost() {
        this(incarnation -> {
            throw new Failure(ErrorCode.UNSUPPORTED, "there is no process 1 in " + incarnation);
        });
    }

    /** @param guests the stream of each sandbox */
    public SimulatedHost(Function<Incarnation, GuestConnection> guests) {
        this.guests = guests;
    }

    public void trouble(Trouble next) {
        trouble = next;
    }

    private void before(Call call) {
        try {
            trouble.before(call);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.HOST_UNREACHABLE, "interrupted", e);
        }
    }

    private void after(Call call) {
        try {
            trouble.after(call);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure(ErrorCode.HOST_UNREACHABLE, "interrupted", e);
        }
    }

    @Override
    public synchronized HostFacts facts() {
        return new HostFacts(ID, "boot-" + boots, List.of(Isolation.CONTAINER), 2000, 4L << 30, 64L << 30);
    }

    @Override
    public Optional<SandboxId> reserve(SandboxNeeds needs) {
        return ready.reserve();
    }

    @Override
    public void giveBack(SandboxId id) {
        ready.giveBack(id);
    }

    @Override
    public HostedSandbox start(StartSandbox command) throws InterruptedException {
        trouble.before(Call.START);
        SimulatedBox box = place(command);
        trouble.after(Call.START);
        synchronized (this) {
            if (boxes.get(command.incarnation()) != box || !box.alive()) {
                throw gone(command.incarnation());
            }
            if (box.state == HostedSandbox.State.STARTING) {
                box.state = HostedSandbox.State.RUNNING;
            }
            return hosted(box);
        }
    }

    private synchronized SimulatedBox place(StartSandbox command) {
        epochs.admit();
        Incarnation incarnation = command.incarnation();
        SimulatedBox known = boxes.get(incarnation);
        if (known != null) {
            return known;
        }
        starts++;
        boxes.forEach((other, box) -> {
            if (other.id().equals(incarnation.id()) && box.alive()) {
                violations.add(incarnation + " was started while there is " + other);
            }
        });
        if (incarnation.generation() > 1 && !disks.contains(incarnation.id())) {
            violations.add(incarnation + " was started from a disk that is not there");
        }
        if (command.keepsDisk()) {
            disks.add(incarnation.id());
        }
        if (ready.ready().contains(incarnation.id())) {
            violations.add(incarnation + " was started after it was given back");
        }
        SimulatedBox box = new SimulatedBox(command, incarnation.generation() == 1 && ready.take(incarnation.id()));
        boxes.put(incarnation, box);
        return box;
    }

    private static Failure gone(Incarnation incarnation) {
        return new Failure(ErrorCode.SANDBOX_GONE, "sandbox " + incarnation + " is gone");
    }

    private static HostedSandbox hosted(SimulatedBox box) {
        return new HostedSandbox(
                box.command.incarnation(), box.state, Isolation.CONTAINER, box.command.template(), box.warm, box.end);
    }

    private SimulatedBox alive(Incarnation incarnation) {
        SimulatedBox box = boxes.get(incarnation);
        if (box == null || !box.alive()) {
            throw gone(incarnation);
        }
        return box;
    }

    @Override
    public void freeze(Incarnation incarnation) {
        before(Call.FREEZE);
        synchronized (this) {
            epochs.admit();
            alive(incarnation).state = HostedSandbox.State.FROZEN;
        }
        after(Call.FREEZE);
    }

    @Override
    public void thaw(Incarnation incarnation) {
        before(Call.THAW);
        synchronized (this) {
            epochs.admit();
            alive(incarnation).state = HostedSandbox.State.RUNNING;
        }
        after(Call.THAW);
    }

    @Override
    public void deadline(Incarnation incarnation, Optional<Deadline> deadline) {
        before(Call.DEADLINE);
        synchronized (this) {
            epochs.admit();
            alive(incarnation).deadline = deadline;
        }
        after(Call.DEADLINE);
    }

    @Override
    public void destroy(Incarnation incarnation, Duration grace) {
        before(Call.DESTROY);
        synchronized (this) {
            epochs.admit();
            if (!trouble.onlyPretends(Call.DESTROY)) {
                boxes.remove(incarnation);
            }
            boolean _ = ready.take(incarnation.id());
        }
        after(Call.DESTROY);
    }

    @Override
    public void discardDisk(SandboxId id) {
        before(Call.DISCARD_DISK);
        synchronized (this) {
            epochs.admit();
            if (boxes.entrySet().stream()
                    .anyMatch(entry ->
                            entry.getKey().id().equals(id) && entry.getValue().alive())) {
                throw new Failure(ErrorCode.CONFLICT, "the disk of " + id + " is in use");
            }
            if (!trouble.onlyPretends(Call.DISCARD_DISK)) {
                disks.remove(id);
            }
        }
        after(Call.DISCARD_DISK);
    }

    @Override
    public List<HostedSandbox> list() {
        before(Call.LIST);
        List<HostedSandbox> told = trouble.told(boxes());
        after(Call.LIST);
        return told;
    }

    /** The truth, without trouble. */
    public synchronized List<HostedSandbox> boxes() {
        return boxes.values().stream().map(SimulatedHost::hosted).toList();
    }

    @Override
    public List<SandboxId> disks() {
        before(Call.DISKS);
        return trouble.toldDisks(keptDisks());
    }

    public synchronized List<SandboxId> keptDisks() {
        return List.copyOf(disks);
    }

    public synchronized Optional<Deadline> deadlineOf(Incarnation incarnation) {
        return Optional.ofNullable(boxes.get(incarnation)).flatMap(box -> box.deadline);
    }

    /** How many were really started. */
    public synchronized int starts() {
        return starts;
    }

    public synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    @Override
    public GuestConnection guest(Incarnation incarnation) {
        before(Call.GUEST);
        synchronized (this) {
            alive(incarnation);
        }
        return guests.apply(incarnation);
    }

    @Override
    public synchronized Usage usage(Incarnation incarnation) {
        alive(incarnation);
        return Usage.NONE;
    }

    @Override
    public List<HostTemplate> templates() {
        return List.of();
    }

    @Override
    public HostTemplate importTemplate(Path image, String name) {
        return templates.add(image, name);
    }

    @Override
    public void removeTemplate(String name) {
        templates.remove(name);
    }

    @Override
    public JobHost jobs() {
        return jobs;
    }

    @Override
    public void listen(HostListener next) {
        listener = Optional.of(next);
    }

    @Override
    public void close() {
        listener = Optional.empty();
    }

    /** Does what is due. */
    public void passTime(Instant now) {
        List<Runnable> reports = new ArrayList<>();
        synchronized (this) {
            boxes.forEach((incarnation, box) -> {
                if (box.alive()
                        && box.deadline.filter(due -> !due.at().isAfter(now)).isPresent()) {
                    AtDeadline action = box.deadline.orElseThrow().action();
                    box.deadline = Optional.empty();
                    reports.add(act(incarnation, box, action));
                }
            });
        }
        reports.forEach(Runnable::run);
    }

    private Runnable act(Incarnation incarnation, SimulatedBox box, AtDeadline action) {
        return switch (action) {
            case KILL -> {
                SandboxEnd end = new SandboxEnd(SandboxEnd.Cause.TIMED_OUT, "");
                box.state = HostedSandbox.State.ENDED;
                box.end = Optional.of(end);
                yield () -> listener.ifPresent(told -> told.ended(incarnation, end));
            }
            case FREEZE -> {
                box.state = HostedSandbox.State.FROZEN;
                yield () -> listener.ifPresent(told -> told.frozen(incarnation));
            }
        };
    }

    /** One ends by itself. */
    public void end(Incarnation incarnation, SandboxEnd.Cause cause) {
        SandboxEnd end = new SandboxEnd(cause, "simulated");
        synchronized (this) {
            SimulatedBox box = boxes.get(incarnation);
            if (box == null || !box.alive()) {
                return;
            }
            box.state = HostedSandbox.State.ENDED;
            box.end = Optional.of(end);
        }
        listener.ifPresent(told -> told.ended(incarnation, end));
    }

    /** It is gone, and nobody knows why. */
    public synchronized void forget(Incarnation incarnation) {
        boxes.remove(incarnation);
    }

    /** Only disks are left. */
    public synchronized void reboot() {
        boxes.clear();
        boots++;
    }
}
