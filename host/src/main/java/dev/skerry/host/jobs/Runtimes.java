package dev.skerry.host.jobs;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What can be run here: the languages of the base template and of each that was imported. A template's toolchains are
 * asked for their versions once, in a sandbox; what they said is kept by the template's digest, also on disk.
 * Thread-safe.
 */
final class Runtimes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Runtimes.class);

    /** Finding it out reads a dozen files, and each job asks. */
    private static final long SEEN_NANOS = Duration.ofSeconds(1).toNanos();

    private final Engine engine;
    private final JobSandboxes sandboxes;
    private final VersionFile file;
    private final Asking asked;
    private final Answers answers;
    private volatile Optional<Seen> seen = Optional.empty();

    Runtimes(Engine engine, JobSandboxes sandboxes) {
        this.engine = engine;
        this.sandboxes = sandboxes;
        this.file = new VersionFile(engine.dataFolder().resolve("runtimes"));
        this.asked = new Asking(sandboxes::make);
        this.answers = new Answers(new Answers.Source() {
            @Override
            public Optional<List<VersionFile.Version>> kept(Template template) {
                return file.read(template.digest());
            }

            @Override
            public List<VersionFile.Version> ask(Template template) throws InterruptedException {
                return Runtimes.this.ask(template);
            }
        });
    }

    /** As {@link dev.skerry.wire.jobs.JobHost#floors}. */
    void floors(Map<String, Isolation> ofTemplates) {
        asked.floors(ofTemplates);
    }

    /** A runtime and how it is started. */
    record Found(LanguageRuntime runtime, Language language, Toolchain toolchain) {}

    /** What was found a moment ago, and how templates were then. */
    private record Seen(List<Found> all, FileTime templates, long nanos) {}

    /**
     * Of each template that is known; newest version of a language first. A change of the host's packages shows within
     * a second. Nobody waits for the answer of a template that is not {@code base}.
     */
    List<Found> all() {
        FileTime templates = engine.templates().changed();
        return seen.filter(last -> last.templates().equals(templates) && System.nanoTime() - last.nanos() < SEEN_NANOS)
                .map(Seen::all)
                .orElseGet(() -> look(templates));
    }

    /** Whether templates are being asked of which {@link #all} says nothing yet. */
    boolean asking() {
        return answers.asking();
    }

    private List<Found> look(FileTime templates) {
        long now = System.nanoTime();
        List<Found> found = new ArrayList<>(of(engine.templates().base()));
        boolean whole = true;
        for (Template template : engine.templates().named()) {
            Optional<List<VersionFile.Version>> known = answers.known(template);
            whole &= known.isPresent();
            known.ifPresent(versions -> found.addAll(found(template, versions)));
        }
        List<Found> all = found.stream()
                .sorted(Comparator.comparing((Found each) -> each.runtime().language())
                        .thenComparing(each -> each.runtime().version(), Versions.NEWEST_FIRST))
                .toList();
        if (whole) {
            seen = Optional.of(new Seen(all, templates, now));
        }
        return all;
    }

    /** Waits until it is known what a template has that was brought now. */
    void learn(Template template) {
        forget(Set.of(Asking.name(template)));
        try {
            var _ = of(template);
        } catch (Failure e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            LOG.atWarn()
                    .addKeyValue("template", template.name())
                    .setCause(e)
                    .log("a template cannot be asked for its languages");
        }
    }

    /** @throws Failure {@code NOT_FOUND} when there is no such runtime, or no longer */
    Found find(LanguageRuntime runtime) {
        Template template = sandboxes.template(runtime.template());
        return of(template).stream()
                .filter(found -> found.runtime().equals(runtime))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.NOT_FOUND,
                        "template '" + runtime.template() + "' has no " + runtime.language() + " " + runtime.version(),
                        "ask for the runtimes again"));
    }

    /** Names or digests that may lead to another template from now on, or to none. */
    void forget(Set<String> names) {
        names.forEach(sandboxes::forget);
        seen = Optional.empty();
    }

    private List<Found> of(Template template) {
        return found(template, answers.of(template));
    }

    private static List<Found> found(Template template, List<VersionFile.Version> versions) {
        return versions.stream().map(version -> found(template, version)).toList();
    }

    private static Found found(Template template, VersionFile.Version version) {
        Language language = version.language();
        Toolchain toolchain = language.toolchains().get(version.toolchain());
        var runtime = new LanguageRuntime(
                Asking.name(template),
                language.label(),
                version.number(),
                language.aliases(),
                toolchain.name(),
                !toolchain.compile().isEmpty());
        return new Found(runtime, language, toolchain);
    }

    private List<VersionFile.Version> ask(Template template) throws InterruptedException {
        Questions.Answer answer = asked.ask(template);
        if (answer.sure()) {
            file.write(template.digest(), answer.versions());
        }
        LOG.atInfo()
                .addKeyValue("template", template.name())
                .addKeyValue("languages", answer.versions().size())
                .addKeyValue("sure", answer.sure())
                .log("asked for versions");
        return answer.versions();
    }

    /** Breaks off what is being asked. */
    @Override
    public void close() {
        answers.close();
    }
}
