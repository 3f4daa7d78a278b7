package dev.skerry.host.engine;

import dev.skerry.host.cgroups.SandboxCgroup;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.ShimTransport;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * A running sandbox that this process controls. Its end, for whatever reason, is noticed by one thread, which removes
 * all of it from the host; {@link #destroy} only brings that about. Once this controller has let go, or another one has
 * attached, it has no power over the sandbox any more: what it asks for is refused with {@code CONFLICT}, and closing
 * it does nothing. Thread-safe.
 */
public final class Sandbox implements AutoCloseable {
    /** Who has the sandbox. */
    private enum Control {
        OURS,
        TAKEN_OVER,
        LET_GO
    }

    private static final Duration DETACH_BOUND = Duration.ofSeconds(1);
    private static final Duration FREEZE_BOUND = Duration.ofSeconds(5);
    private static final Duration CLEAR_BOUND = Duration.ofSeconds(10);
    private static final Duration DEADLINE_BOUND = Duration.ofSeconds(5);
    /** For the shim to end what it was told to. */
    private static final Duration KILL_BOUND = Duration.ofMillis(500);

    private static final Duration WITHOUT_LIMIT = Duration.ofHours(1);

    /** For process 1 to end after the last of the others has been killed. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(1);

    private volatile SandboxRecord record;
    private final long epoch;
    private final SandboxCgroup cgroup;
    private final ShimTransport transport;
    private final GuestConnection guest;
    private final Remains remains;
    private final HostListener listener;
    private final AtomicReference<Usage> lastUsage = new AtomicReference<>(Usage.NONE);
    private final AtomicReference<SandboxEnd> end = new AtomicReference<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Control control = Control.OURS;
    private volatile long cpuMicros;

    Sandbox(
            SandboxRecord record,
            long epoch,
            SandboxCgroup cgroup,
            ShimTransport transport,
            GuestConnection guest,
            Remains remains,
            HostListener listener) {
        this.record = record;
        this.cpuMicros = record.cpuMicros();
        this.epoch = epoch;
        this.cgroup = cgroup;
        this.transport = transport;
        this.guest = guest;
        this.remains = remains;
        this.listener = listener;
        Thread.ofVirtual().name("end-of-" + record.id()).start(this::watch);
    }

    private void watch() {
        try {
            transport.awaitClosed();
            if (transport.detached() || remains.takenOver(epoch)) {
                control = transport.detached() ? Control.LET_GO : Control.TAKEN_OVER;
                guest.close();
                ended.countDown();
            } else {
                finish(remains::remove);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            // Who waits for the end must not wait for ever; destroy() and the reaper try again.
            String detail = "it ended, but something of it is left on the host: " + e.getMessage();
            over(new SandboxEnd(SandboxEnd.Cause.SHIM_LOST, detail));
        }
    }

    private void over(SandboxEnd facts) {
        boolean first = end.compareAndSet(null, facts);
        guest.close();
        try {
            if (first) {
                listener.ended(record.incarnation(), facts);
            }
        } finally {
            ended.countDown();
        }
    }

    private SandboxEnd finish(Supplier<SandboxEnd> removal) {
        Usage usage = cgroup.usage();
        if (usage.cpuTime().isPositive() || usage.memoryPeakBytes() > 0) {
            lastUsage.set(usage);
        }
        over(removal.get());
        return end.get();
    }

    public SandboxId id() {
        return record.sandboxId();
    }

    public SandboxRecord record() {
        return record;
    }

    /** What was achieved, not what was asked for. */
    public Isolation isolation() {
        return record.isolation();
    }

    /** Of process 1, or of the runtime that is its parent, on the host. */
    public long guestPid() {
        return transport.guestPid();
    }

    /** The stream: processes, files, ports. */
    public GuestConnection guest() {
        return guest;
    }

    /** From the cgroup; after the end, what was used in total. */
    public Usage usage() {
        if (ended.getCount() == 0) {
            return lastUsage.get();
        }
        Usage usage = cgroup.usage();
        return usage.cpuTime().isPositive() ? usage : lastUsage.get();
    }

    /** What it uses from now on. Whoever asked closes it. */
    public Stretch measure() {
        return new Stretch(cgroup, this::usageAtEnd);
    }

    private Optional<Usage> usageAtEnd() {
        return ended.getCount() == 0 ? Optional.of(lastUsage.get()) : Optional.empty();
    }

    /**
     * Kills every process inside but process 1, whatever has become of those inside that should have done it. Where the
     * host does not see them one by one, as with a user-space kernel, nothing happens.
     */
    public void clear() {
        checkControl();
        if (record.isolation() == Isolation.CONTAINER) {
            cgroup.killAllBut(transport.guestPid(), CLEAR_BOUND);
        }
    }

    /** Stops every process where it is; memory stays. */
    public void pause() {
        checkControl();
        cgroup.freeze(FREEZE_BOUND);
    }

    public void resume() {
        checkControl();
        cgroup.thaw(FREEZE_BOUND);
    }

    public boolean paused() {
        return cgroup.frozen();
    }

    /**
     * Replaces the deadline and waits until the shim has it.
     *
     * @param bootMillis CLOCK_BOOTTIME, 0 for none
     */
    public void deadline(long bootMillis, AtDeadline action) {
        checkControl();
        transport.deadline(bootMillis, action, cpuMicros, DEADLINE_BOUND);
    }

    /**
     * Puts other limits into force on one that was made before anybody asked for it: memory, CPUs and processes; its
     * times count from now on. The size of its writable layer stays.
     *
     * @param bootMillis the deadline, as for {@link #deadline}
     * @throws Failure {@code CONFLICT} when it holds more memory than it may
     */
    public void bind(Limits limits, long bootMillis) {
        bind(limits, bootMillis, AtDeadline.KILL);
    }

    private void bind(Limits limits, long bootMillis, AtDeadline action) {
        update(limits);
        cpuMicros = limits.cpuTime()
                .map(time -> cgroup.cpuTime().plus(time).toNanos() / 1000)
                .orElse(0L);
        deadline(bootMillis, action);
    }

    /**
     * Makes of one that was {@link Engine#prepare prepared} the life of a sandbox for a server. Its limits and its
     * deadline are in force before it is written down that it is one: of who is killed before that, what is left is
     * removed, of who is killed after it, it is whole.
     *
     * @param bootMillis the deadline, as for {@link #deadline}
     * @param nowMillis Unix time
     * @throws Failure when it has ended, or cannot have these limits; then it is of no use any more
     */
    public void engage(Limits limits, long bootMillis, AtDeadline action, long nowMillis) {
        bind(limits, bootMillis, action);
        SandboxRecord engaged = record.engaged(nowMillis, bootMillis, cpuMicros);
        remains.record(engaged);
        record = engaged;
        if (transport.closed()) {
            throw new Failure(ErrorCode.SANDBOX_GONE, "sandbox " + record.id() + " ended at this moment");
        }
    }

    /** Replaces memory, CPU and process limits of the running sandbox. */
    public void update(Limits limits) {
        checkControl();
        cgroup.update(Engine.hostLimits(record.isolation(), limits));
    }

    /**
     * Ends the sandbox and waits until nothing of it is left on the host. Destroying what has ended is success.
     *
     * @return how it ended, which may have been earlier and for another reason
     */
    public SandboxEnd destroy() {
        if (transport.closed()) {
            awaitVerdict();
        }
        checkControl();
        if (ended.getCount() > 0) {
            try {
                remains.condemn();
            } finally {
                transport.kill();
            }
            // Who watches for the end removes all of it, at once and once; a shim that does not end it is helped.
            if (!endsWithin(KILL_BOUND)) {
                return finish(remains::destroy);
            }
            checkControl();
        }
        if (!remains.removed()) {
            remains.destroy();
        }
        return end.get();
    }

    /**
     * As {@link #destroy}, but processes hear SIGTERM first and have so long to end. A frozen sandbox is thawed for it.
     */
    public SandboxEnd shutDown(Duration grace) {
        if (!transport.closed()) {
            checkControl();
            remains.condemn();
            if (cgroup.frozen()) {
                cgroup.thaw(FREEZE_BOUND);
            }
            Thread asking = Thread.ofVirtual().start(() -> ask(grace));
            try {
                boolean inTime = ended.await(grace.plus(LAST_WORDS).toNanos(), TimeUnit.NANOSECONDS);
                asking.interrupt();
                if (!inTime) {
                    return destroy();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return destroy();
    }

    private void ask(Duration grace) {
        try {
            guest.shutdown(grace);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Failure e) {
            // Process 1 need not be what it was; it is killed, then.
        }
    }

    /** What a closed connection means: the end, or another controller. */
    private void awaitVerdict() {
        boolean over = false;
        while (!over) {
            over = endsWithin(WITHOUT_LIMIT);
        }
    }

    /** Not to be interrupted; that is kept for the caller. */
    private boolean endsWithin(Duration bound) {
        long until = System.nanoTime() + bound.toNanos();
        boolean interrupted = false;
        boolean over = false;
        while (!over && System.nanoTime() - until < 0) {
            try {
                over = ended.await(until - System.nanoTime(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return over;
    }

    private void checkControl() {
        if (control != Control.OURS) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "sandbox " + record.id()
                            + (control == Control.LET_GO ? " was let go" : " was taken over by another controller"),
                    "attaching takes it back");
        }
    }

    /** Empty when it still runs after that time. */
    public Optional<SandboxEnd> awaitEnd(Duration bound) throws InterruptedException {
        if (!ended.await(bound.toNanos(), TimeUnit.NANOSECONDS)) {
            return Optional.empty();
        }
        checkControl();
        return Optional.of(end.get());
    }

    /** Lets go of the sandbox, which runs on until its deadline; {@link Engine#attach} picks it up. */
    public void detach() throws InterruptedException {
        try {
            // The answer shows that every acknowledgement before it has arrived, so that the next controller repeats
            // none of it.
            if (!cgroup.frozen()) {
                guest.ping(DETACH_BOUND);
            }
        } catch (Failure e) {
            // A frozen or broken guest does not answer; it keeps what it has.
        }
        release();
    }

    /** {@link #detach} of one that nobody has used. */
    void release() {
        transport.detach();
    }

    @Override
    public void close() {
        if (transport.closed()) {
            awaitVerdict();
        }
        if (control == Control.OURS) {
            destroy();
        }
    }
}
