package dev.skerry.server.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.GuestProcesses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;

/** The contexts of one sandbox, over one connection to it. Thread-safe. */
final class Interpreter {
    private static final int CONTEXTS_MAX = 64;

    /** Those that are listed before anybody has used them. */
    private static final List<Language> STANDING = List.of(Language.PYTHON, Language.JAVASCRIPT);

    private final GuestConnection guest;
    private final KernelLauncher launcher;
    private final Duration patience;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<String, CodeContext> contexts = new LinkedHashMap<>();
    private boolean found;

    Interpreter(GuestConnection guest, KernelLauncher launcher, Duration patience) {
        this.guest = guest;
        this.launcher = launcher;
        this.patience = patience;
    }

    GuestConnection guest() {
        return guest;
    }

    /** The standing ones first, then in the order in which they were made. */
    List<CodeContext> list() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            find();
            List<CodeContext> all = new ArrayList<>();
            contexts.values().stream().filter(CodeContext::standing).forEach(all::add);
            contexts.values().stream().filter(context -> !context.standing()).forEach(all::add);
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** @throws Failure {@code NOT_FOUND} */
    CodeContext get(String id) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            find();
            CodeContext context = contexts.get(id);
            if (context == null) {
                throw new Failure(ErrorCode.NOT_FOUND, "Context " + id + " not found");
            }
            return context;
        } finally {
            lock.unlock();
        }
    }

    /** The one for executions that name no context. */
    CodeContext standing(Language language) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            find();
            Optional<CodeContext> one = standingOf(language);
            return one.isPresent() ? one.get() : add(language, true, KernelLauncher.HOME);
        } finally {
            lock.unlock();
        }
    }

    private Optional<CodeContext> standingOf(Language language) {
        return contexts.values().stream()
                .filter(context -> context.standing() && context.language() == language)
                .findFirst();
    }

    /** A new one, with its kernel. */
    CodeContext make(Language language, String folder) throws InterruptedException {
        CodeContext context;
        lock.lockInterruptibly();
        try {
            find();
            context = add(language, false, folder);
        } finally {
            lock.unlock();
        }
        boolean ready = false;
        try {
            context.ready();
            ready = true;
            return context;
        } finally {
            if (!ready) {
                forget(context);
            }
        }
    }

    private CodeContext add(Language language, boolean standing, String folder) {
        if (contexts.size() >= CONTEXTS_MAX) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "a sandbox has at most " + CONTEXTS_MAX + " contexts",
                    "remove those that are not needed");
        }
        String id = UUID.randomUUID().toString();
        CodeContext context = new CodeContext(id, language, standing, folder, launcher, patience);
        contexts.put(id, context);
        return context;
    }

    void remove(String id) throws InterruptedException {
        CodeContext context = get(id);
        context.remove();
        forget(context);
    }

    private void forget(CodeContext context) {
        lock.lock();
        try {
            contexts.remove(context.id());
        } finally {
            lock.unlock();
        }
    }

    /** Once: the kernels that an earlier server left, then the contexts that are always there. */
    private void find() throws InterruptedException {
        if (found) {
            return;
        }
        for (GuestProcesses.Listed process : guest.processes().list()) {
            Optional<KernelTag> tag = KernelTag.of(process.tag());
            if (tag.isPresent()
                    && process.exit().isEmpty()
                    && !contexts.containsKey(tag.get().context())) {
                adopt(process.process(), tag.get());
            }
        }
        for (Language language : STANDING) {
            if (standingOf(language).isEmpty()) {
                add(language, true, KernelLauncher.HOME);
            }
        }
        found = true;
    }

    private void adopt(long process, KernelTag tag) throws InterruptedException {
        try {
            CodeContext context =
                    new CodeContext(tag.context(), tag.language(), tag.standing(), tag.folder(), launcher, patience);
            context.adopt(launcher.attach(process, tag));
            contexts.put(tag.context(), context);
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            // It ended since it was listed.
        }
    }
}
