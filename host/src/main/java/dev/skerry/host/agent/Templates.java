package dev.skerry.host.agent;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.hosts.HostTemplate;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** The engine's templates as a server sees them: {@code base} is the one with sudo, where there is a sudo. */
final class Templates {
    private final Engine engine;

    Templates(Engine engine) {
        this.engine = engine;
    }

    List<HostTemplate> list() {
        Template base = engine.template(Template.BASE, Privilege.SUDO);
        return engine.templates().list().stream()
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

    /**
     * Removes one by name.
     *
     * @param used whether one of that digest is in use
     */
    void remove(String name, Predicate<String> used) {
        if (used.test(digest(name))) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "template '" + name + "' is in use by a sandbox, by the disk of one, or by a pool",
                    "destroy those that use it, discard their disks, and plan no pool of it");
        }
        engine.templates().remove(name);
    }

    private String digest(String name) {
        if (name.equals(Template.BASE)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "'base' is built in and cannot be removed", "name another template");
        }
        return engine.templates().find(name).digest();
    }
}
