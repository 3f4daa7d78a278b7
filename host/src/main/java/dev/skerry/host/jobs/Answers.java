package dev.skerry.host.jobs;

import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What templates say of their languages, by digest. Each is asked once, by whoever wants to know first; only those who
 * want to know of the same one wait for it. Thread-safe.
 */
final class Answers implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

    /** One that could not be asked is not asked again sooner, unless somebody waits for it. */
    private static final Duration AGAIN = Duration.ofSeconds(30);

    private final Source source;
    private final Map<String, CompletableFuture<List<VersionFile.Version>>> answers = new ConcurrentHashMap<>();
    private final Set<String> begun = ConcurrentHashMap.newKeySet();
    private final Map<String, Long> failed = new ConcurrentHashMap<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    /** Where answers come from. */
    interface Source {
        /** What is kept of an earlier time; quick. */
        Optional<List<VersionFile.Version>> kept(Template template);

        /** Asks the template itself, which takes seconds. */
        List<VersionFile.Version> ask(Template template) throws InterruptedException;
    }

    Answers(Source source) {
        this.source = source;
    }

    /** Waits for the answer, and asks if nobody does. */
    List<VersionFile.Version> of(Template template) {
        while (true) {
            var own = new CompletableFuture<List<VersionFile.Version>>();
            CompletableFuture<List<VersionFile.Version>> others = answers.putIfAbsent(template.digest(), own);
            if (others == null) {
                return answer(template, own);
            }
            try {
                return others.get();
            } catch (CancellationException e) {
                LOG.atDebug().setCause(e).log("who asked was interrupted");
            } catch (ExecutionException e) {
                throw e.getCause() instanceof Failure failure
                        ? failure
                        : new Failure(ErrorCode.INTERNAL, "a template could not be asked: " + e.getCause(), e);
            } catch (InterruptedException e) {
                throw interrupted(e);
            }
        }
    }

    private List<VersionFile.Version> answer(Template template, CompletableFuture<List<VersionFile.Version>> own) {
        boolean answered = false;
        try {
            Optional<List<VersionFile.Version>> kept = source.kept(template);
            List<VersionFile.Version> versions = kept.isPresent() ? kept.get() : source.ask(template);
            answered = own.complete(versions);
            failed.remove(template.digest());
            return versions;
        } catch (InterruptedException e) {
            throw interrupted(e);
        } catch (Failure e) {
            if (!Thread.currentThread().isInterrupted()) {
                failed.put(template.digest(), System.nanoTime());
                end(template, own).completeExceptionally(e);
            }
            throw e;
        } finally {
            if (!answered) {
                end(template, own).cancel(false);
            }
        }
    }

    private CompletableFuture<List<VersionFile.Version>> end(
            Template template, CompletableFuture<List<VersionFile.Version>> own) {
        answers.remove(template.digest(), own);
        return own;
    }

    private static Failure interrupted(InterruptedException e) {
        Thread.currentThread().interrupt();
        return new Failure(ErrorCode.SANDBOX_GONE, "interrupted while languages were looked for", e);
    }

    /** Without waiting. Empty where it is not known: it is asked then, on another thread. */
    Optional<List<VersionFile.Version>> known(Template template) {
        CompletableFuture<List<VersionFile.Version>> found = answers.get(template.digest());
        if (found != null) {
            return found.isDone() && !found.isCompletedExceptionally() ? Optional.of(found.join()) : Optional.empty();
        }
        Optional<List<VersionFile.Version>> kept = source.kept(template);
        if (kept.isPresent()) {
            answers.putIfAbsent(template.digest(), CompletableFuture.completedFuture(kept.get()));
        } else {
            Long last = failed.get(template.digest());
            if (last == null || System.nanoTime() - last > AGAIN.toNanos()) {
                begin(template);
            }
        }
        return kept;
    }

    /** Whether one is being asked, on whoever's thread. */
    boolean asking() {
        return !begun.isEmpty() || answers.values().stream().anyMatch(one -> !one.isDone());
    }

    private void begin(Template template) {
        begun.add(template.digest());
        try {
            threads.execute(() -> ask(template));
        } catch (RejectedExecutionException e) {
            begun.remove(template.digest());
            LOG.atDebug().setCause(e).log("nothing is asked any more");
        }
    }

    private void ask(Template template) {
        try {
            var _ = of(template);
        } catch (Failure e) {
            LOG.atWarn()
                    .addKeyValue("template", template.name())
                    .setCause(e)
                    .log("a template cannot be asked for its languages");
        } finally {
            begun.remove(template.digest());
        }
    }

    /** Breaks off what is being asked on threads of its own. */
    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
    }
}
