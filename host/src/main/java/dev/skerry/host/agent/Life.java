package dev.skerry.host.agent;

import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxRecord;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.HostedSandbox.State;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One incarnation that the agent knows: it starts, runs here, or has ended and was not destroyed. Thread-safe. */
final class Life {
    private static final Logger LOG = LoggerFactory.getLogger(Life.class);

    private final Incarnation incarnation;
    private final boolean onDisk;
    private final Isolation isolation;
    private volatile String template;
    private volatile boolean warm;
    /** How one that was found running is taken over; of one that starts here, empty. */
    private final Optional<Supplier<Sandbox>> finder;

    private final ReentrantLock finding = new ReentrantLock();
    private final CompletableFuture<Sandbox> sandbox = new CompletableFuture<>();
    private volatile Optional<SandboxEnd> end = Optional.empty();

    private Life(
            Incarnation incarnation,
            boolean onDisk,
            Isolation isolation,
            String template,
            Optional<Supplier<Sandbox>> finder) {
        this.incarnation = incarnation;
        this.onDisk = onDisk;
        this.isolation = isolation;
        this.template = template;
        this.finder = finder;
    }

    /** @param isolation that it will have */
    static Life starting(StartSandbox command, Isolation isolation) {
        return new Life(command.incarnation(), command.keepsDisk(), isolation, command.template(), Optional.empty());
    }

    /** @param finder takes it over, or throws; tried again whenever it is needed */
    static Life found(SandboxRecord record, Supplier<Sandbox> finder) {
        Life life = new Life(
                record.incarnation(), record.onDisk(), record.isolation(), record.template(), Optional.of(finder));
        life.warm = record.warm();
        return life;
    }

    Incarnation incarnation() {
        return incarnation;
    }

    boolean onDisk() {
        return onDisk;
    }

    /** A name until the template was looked up, then its digest. */
    String template() {
        return template;
    }

    /** Whether it needs that template. */
    boolean liesOn(String name, String digest) {
        return !over() && (template.equals(name) || template.equals(digest));
    }

    void uses(String digest) {
        template = digest;
    }

    void runs(Sandbox here) {
        warm = here.record().warm();
        sandbox.complete(here);
    }

    void failed(RuntimeException reason) {
        sandbox.completeExceptionally(reason);
    }

    /**
     * Its end is known.
     *
     * @param report run once it is known to have run, too; not when it fails to start
     */
    void ended(SandboxEnd facts, Runnable report) {
        end = Optional.of(facts);
        var _ = sandbox.thenRun(report);
    }

    /** It was found to have ended. */
    void ended(SandboxEnd facts) {
        end = Optional.of(facts);
    }

    Optional<SandboxEnd> end() {
        return end;
    }

    boolean over() {
        return end.isPresent() || sandbox.isCompletedExceptionally();
    }

    /** Whether it is still being started. */
    boolean pending() {
        return finder.isEmpty() && end.isEmpty() && !sandbox.isDone();
    }

    /** It, where this process has it. */
    Optional<Sandbox> here() {
        boolean there = end.isEmpty() && sandbox.isDone() && !sandbox.isCompletedExceptionally();
        return there ? Optional.of(sandbox.join()) : Optional.empty();
    }

    /** Takes over what was found running, unless that was done. */
    void find() {
        finding.lock();
        try {
            if (finder.isPresent() && end.isEmpty() && !sandbox.isDone()) {
                sandbox.complete(finder.get().get());
            }
        } finally {
            finding.unlock();
        }
    }

    /** As {@link #find}; that its shim does not answer is no reason to let it live. */
    void findToEnd() {
        try {
            find();
        } catch (Failure e) {
            LOG.atWarn().addKeyValue("sandbox", incarnation).setCause(e).log("its processes end without being asked");
        }
    }

    /** Waits for its start to succeed or fail; false when it takes longer. */
    boolean settles(Duration bound) throws InterruptedException {
        try {
            sandbox.get(bound.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            return true;
        } catch (TimeoutException e) {
            return end.isPresent();
        }
        return true;
    }

    /** It, once it runs. */
    Sandbox sandbox(Duration bound) throws InterruptedException {
        find();
        if (end.isPresent()) {
            throw gone();
        }
        try {
            return sandbox.get(bound.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Failure failure
                    ? again(failure)
                    : new Failure(ErrorCode.INTERNAL, "sandbox " + incarnation + " did not start", e.getCause());
        } catch (TimeoutException e) {
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "sandbox " + incarnation + " is still starting after " + bound.toSeconds() + " s",
                    "try again, or destroy it");
        }
    }

    /** Each who waits gets a failure of its own. */
    private static Failure again(Failure failure) {
        return new Failure(failure.code(), failure.getMessage(), failure.hint().orElse(""), failure);
    }

    /** Ends it where this process has it; with a grace its processes hear of it first. */
    void end(Duration grace) {
        try {
            here().ifPresent(sandbox -> {
                if (grace.isPositive()) {
                    sandbox.shutDown(grace);
                } else {
                    sandbox.destroy();
                }
            });
        } catch (Failure e) {
            // Another controller has it; whoever erases it ends it all the same.
            LOG.atDebug().setCause(e).log("ended without control");
        }
    }

    Failure gone() {
        String how = end.map(facts -> "ended: " + facts.cause() + " " + facts.detail())
                .orElse("is gone")
                .strip();
        return new Failure(ErrorCode.SANDBOX_GONE, "sandbox " + incarnation + " has " + how);
    }

    /** Empty when it failed to start. */
    Optional<HostedSandbox> view() {
        Optional<SandboxEnd> facts = end;
        if (facts.isPresent()) {
            return Optional.of(view(State.ENDED, facts));
        }
        if (!sandbox.isDone()) {
            return Optional.of(view(finder.isPresent() ? State.RUNNING : State.STARTING, facts));
        }
        if (sandbox.isCompletedExceptionally()) {
            return Optional.empty();
        }
        return Optional.of(view(sandbox.join().paused() ? State.FROZEN : State.RUNNING, facts));
    }

    private HostedSandbox view(State state, Optional<SandboxEnd> facts) {
        return new HostedSandbox(incarnation, state, isolation, template, warm, facts);
    }
}
