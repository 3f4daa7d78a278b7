package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.Message;
import dev.skerry.server.connect.RpcError;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.GuestProcesses.Listed;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Processes of one sandbox that clients of this port started, also those of an earlier run of this program, which are
 * attached to when somebody asks for them. The last ones that have ended are kept, for who connects a little late.
 * Thread-safe.
 */
final class ProcessTable {
    /** Marks our processes among all that guestd runs; a client's own tag follows behind a colon. */
    private static final String MARK = "envd";

    private static final int TAG_BYTES_MAX = 250;
    private static final int ENDED_MAX = 256;

    /** Each holds one channel of the sandbox's stream; the rest of them is for everything else. */
    private static final int RUNNING_MAX = 512;

    /** A process, and a listener of it; the one that it was started or found with hears everything. */
    record Heard(RunningProcess process, Mailbox<RunningProcess.Event> events) {}

    /** One that runs, whether this program started it or an earlier one. */
    record Known(int pid, RunningProcess.Origin origin) {}

    private final GuestConnection guest;
    private final Duration stallBound;
    private final ReentrantLock lock = new ReentrantLock();
    private final ReentrantLock adoption = new ReentrantLock();
    private final Map<Long, RunningProcess> byNumber = new LinkedHashMap<>();

    /** @param stallBound how long a listener may hold a process up */
    ProcessTable(GuestConnection guest, Duration stallBound) {
        this.guest = guest;
        this.stallBound = stallBound;
    }

    Heard start(ExecRequest request, RunningProcess.Origin origin) throws InterruptedException {
        String tag = MARK + origin.tag().map(text -> ":" + text).orElse("");
        if (tag.getBytes(StandardCharsets.UTF_8).length > TAG_BYTES_MAX) {
            throw new RpcError(Code.INVALID_ARGUMENT, "a tag may have 245 bytes");
        }
        if (count() >= RUNNING_MAX) {
            throw new RpcError(
                    Code.RESOURCE_EXHAUSTED,
                    "more than " + RUNNING_MAX + " processes started by clients are running; end some of them");
        }
        return register(guest.exec(request.tagged(tag)), origin);
    }

    private long count() {
        lock.lock();
        try {
            return byNumber.values().stream().filter(RunningProcess::running).count();
        } finally {
            lock.unlock();
        }
    }

    private Heard register(GuestProcess process, RunningProcess.Origin origin) {
        RunningProcess running = new RunningProcess(process, origin, stallBound);
        Mailbox<RunningProcess.Event> events = running.subscribe();
        lock.lock();
        try {
            byNumber.put(process.process(), running);
        } finally {
            lock.unlock();
        }
        running.begin(() -> ended(running));
        return new Heard(running, events);
    }

    private void ended(RunningProcess process) {
        lock.lock();
        try {
            if (process.lost()) {
                byNumber.remove(process.guest().process(), process);
            }
            long ended = byNumber.values().stream()
                    .filter(Predicate.not(RunningProcess::running))
                    .count();
            Iterator<RunningProcess> oldest = byNumber.values().iterator();
            while (ended > ENDED_MAX && oldest.hasNext()) {
                if (!oldest.next().running()) {
                    oldest.remove();
                    ended--;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** @throws RpcError {@code not_found} */
    RunningProcess find(Message selector) throws InterruptedException {
        Optional<RunningProcess> known = known(selector);
        if (known.isPresent()) {
            return known.get();
        }
        Heard heard = listen(selector);
        heard.process.unsubscribe(heard.events);
        return heard.process;
    }

    /**
     * Finds it and listens; what a process said while no program like this one ran is heard by who asks first.
     *
     * @throws RpcError {@code not_found}
     */
    Heard listen(Message selector) throws InterruptedException {
        if (!selector.has("pid") && !selector.has("tag")) {
            throw new RpcError(Code.INVALID_ARGUMENT, "no process is named: give its pid or its tag");
        }
        Optional<RunningProcess> known = known(selector);
        if (known.isPresent()) {
            return new Heard(known.get(), known.get().subscribe());
        }
        return adopted(selector).orElseThrow(() -> missing(selector));
    }

    static RpcError missing(Message selector) {
        String what = selector.has("pid") ? "pid " + selector.number("pid") : "tag " + selector.text("tag");
        return new RpcError(Code.NOT_FOUND, "process with " + what + " not found");
    }

    /** A running one before one that has ended, a newer before an older. */
    private Optional<RunningProcess> known(Message selector) {
        List<RunningProcess> fitting = new ArrayList<>();
        lock.lock();
        try {
            for (RunningProcess process : byNumber.values()) {
                if (fits(selector, process.guest().pid(), process.origin().tag())) {
                    fitting.add(process);
                }
            }
        } finally {
            lock.unlock();
        }
        Collections.reverse(fitting);
        return fitting.stream().filter(RunningProcess::running).findFirst().or(() -> fitting.stream()
                .findFirst());
    }

    private static boolean fits(Message selector, int pid, Optional<String> tag) {
        return selector.has("pid")
                ? selector.number("pid") == pid
                : tag.filter(selector.text("tag")::equals).isPresent();
    }

    private Optional<Heard> adopted(Message selector) throws InterruptedException {
        adoption.lockInterruptibly();
        try {
            Optional<RunningProcess> meanwhile = known(selector);
            if (meanwhile.isPresent()) {
                return Optional.of(new Heard(meanwhile.get(), meanwhile.get().subscribe()));
            }
            List<Listed> fitting = ours().stream()
                    .filter(one -> fits(selector, one.pid(), tag(one)))
                    .sorted((a, b) -> Long.compare(b.process(), a.process()))
                    .toList();
            Optional<Listed> found = fitting.stream()
                    .filter(one -> one.exit().isEmpty())
                    .findFirst()
                    .or(() -> fitting.stream().findFirst());
            return found.isEmpty() ? Optional.empty() : attached(found.get());
        } finally {
            adoption.unlock();
        }
    }

    private Optional<Heard> attached(Listed one) throws InterruptedException {
        try {
            return Optional.of(register(guest.processes().attach(one.process()), origin(one)));
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Those that run. */
    List<Known> running() throws InterruptedException {
        List<Known> found = new ArrayList<>();
        for (Listed one : ours()) {
            if (one.exit().isEmpty()) {
                Optional<RunningProcess> known = numbered(one.process());
                found.add(new Known(one.pid(), known.map(RunningProcess::origin).orElseGet(() -> origin(one))));
            }
        }
        return found;
    }

    private Optional<RunningProcess> numbered(long number) {
        lock.lock();
        try {
            return Optional.ofNullable(byNumber.get(number));
        } finally {
            lock.unlock();
        }
    }

    private List<Listed> ours() throws InterruptedException {
        return guest.processes().list().stream()
                .filter(one -> one.tag().equals(MARK) || one.tag().startsWith(MARK + ":"))
                .toList();
    }

    private static Optional<String> tag(Listed one) {
        return one.tag().equals(MARK) ? Optional.empty() : Optional.of(one.tag().substring(MARK.length() + 1));
    }

    private static RunningProcess.Origin origin(Listed one) {
        return new RunningProcess.Origin(
                one.program(), List.of(), Map.of(), Optional.empty(), tag(one), one.terminal(), true);
    }
}
