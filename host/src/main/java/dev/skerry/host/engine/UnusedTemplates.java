package dev.skerry.host.engine;

import dev.skerry.host.disks.Disks;
import dev.skerry.host.templates.Template;
import dev.skerry.host.templates.TemplateStore;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Removes templates for who is not the server of the data folder: what any process runs in one of them, or has on a
 * disk that lies on it, keeps it. What a server only plans finds it gone.
 */
public final class UnusedTemplates {
    private final Engine engine;

    public UnusedTemplates(Engine engine) {
        this.engine = engine;
    }

    /**
     * By one of several names it loses that name and stays.
     *
     * @throws Failure {@code NOT_FOUND}; {@code CONFLICT} while it is used
     */
    public void remove(String nameOrDigest) {
        TemplateStore templates = engine.templates();
        if (templates.unname(nameOrDigest)) {
            return;
        }
        Set<String> used = used();
        if (digests(nameOrDigest).stream().anyMatch(used::contains)) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "template '" + nameOrDigest + "' is in use by a sandbox, by the disk of one, by a pool or by a job",
                    "destroy those that use it, and discard their disks; 'skerry ps' lists them");
        }
        templates.remove(nameOrDigest);
    }

    /** Of {@code base} all that there are: which of them is meant is found out by making it. */
    private List<String> digests(String nameOrDigest) {
        return nameOrDigest.equals(Template.BASE)
                ? engine.templates().list().stream()
                        .filter(template -> template.name().equals(Template.BASE))
                        .map(Template::digest)
                        .toList()
                : List.of(engine.templates().find(nameOrDigest).digest());
    }

    private Set<String> used() {
        Set<String> used = new HashSet<>(Disks.templates(engine.dataFolder()));
        engine.list().stream()
                // One that is just being made has a controller and no shim yet.
                .filter(view -> view.state() == SandboxView.State.RUNNING
                        || view.controller().isPresent())
                .forEach(view -> used.add(view.record().template()));
        return used;
    }
}
