package dev.skerry.host.agent;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.jobs.LocalJobHost;
import dev.skerry.host.templates.ImportLimits;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.hosts.HostTemplate;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;

/** The engine's templates as a server sees them: {@code base} is the one with sudo, where there is a sudo. */
final class Templates {
    private final Engine engine;
    private final LocalJobHost jobs;

    Templates(Engine engine, LocalJobHost jobs) {
        this.engine = engine;
        this.jobs = jobs;
    }

    List<HostTemplate> list() {
        Template base = engine.template(Template.BASE, Privilege.SUDO);
        return engine.templates().shown().stream()
                .map(template -> view(template, template.digest().equals(base.digest())))
                .toList();
    }

    private HostTemplate view(Template template, boolean base) {
        boolean named = base || !(template.name().isEmpty() || template.name().equals(Template.BASE));
        return new HostTemplate(
                named ? Optional.of(template.name()) : Optional.empty(),
                template.digest(),
                template.defaults().user(),
                template.defaults().workdir(),
                template.defaults().environment(),
                template.defaults().command(),
                template.hasSetuid(),
                engine.templates().createdAt(template),
                engine.templates().isCurrent(template));
    }

    HostTemplate importImage(Path image, String name) {
        Template template = engine.templates().importOci(image, Optional.of(name), ImportLimits.DEFAULT);
        jobs.learn(template);
        return view(template, false);
    }

    /** @param holds whether a sandbox or a disk of this digest is there */
    void remove(String name, Predicate<String> holds) {
        String digest = digest(name);
        boolean free = !pooled(Set.of(name)) && !holds.test(digest);
        if (!free || !(loses(name) || goes(digest))) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "template '" + name + "' is in use by a sandbox, by the disk of one, by a pool or by a job",
                    "destroy those that use it, discard their disks, plan no pool of it, and let its jobs end");
        }
    }

    /** Whether it has lost that name and stays under others: who uses it by those is not disturbed. */
    private boolean loses(String name) {
        AtomicBoolean lost = new AtomicBoolean();
        return jobs.whileNoneUses(
                        Set.of(name), () -> lost.set(engine.templates().unname(name)))
                && lost.get();
    }

    /** Whether it was removed, with all its names. */
    private boolean goes(String digest) {
        Set<String> names = new HashSet<>(Set.of(digest));
        engine.templates().named().stream()
                .filter(template -> template.digest().equals(digest))
                .forEach(template -> names.add(template.name()));
        return !pooled(names)
                && jobs.whileNoneUses(names, () -> engine.templates().remove(digest));
    }

    private boolean pooled(Set<String> names) {
        return jobs.pools().stream().anyMatch(pool -> names.contains(pool.plan().template()));
    }

    private String digest(String name) {
        if (name.equals(Template.BASE)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'base' is built in and cannot be removed", "name another template");
        }
        return engine.templates().find(name).digest();
    }
}
