package dev.skerry.host.jobs;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.engine.SandboxSpec.OwnFolder;
import dev.skerry.host.templates.Template;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Makes sandboxes for jobs: with the job's folder there from the start, and ending with this process. Thread-safe.
 */
public final class JobSandboxes {
    /** Whom programs run as inside. */
    public static final String USER = "user";

    private static final long PASSWD_BYTES_MAX = 1 << 20;
    private static final int PASSWD_FIELDS_MIN = 4;

    private final Engine engine;
    private final RecentTemplates templates;
    private final ConcurrentHashMap<String, Optional<OwnFolder>> folders = new ConcurrentHashMap<>();

    public JobSandboxes(Engine engine) {
        this.engine = engine;
        this.templates = new RecentTemplates(engine);
    }

    /** The template of a name or digest; what was found is good for a second. */
    public Template template(String nameOrDigest) {
        return templates.find(nameOrDigest);
    }

    void forget(String nameOrDigest) {
        templates.forget(nameOrDigest);
    }

    /**
     * Makes one and waits until it runs.
     *
     * @param floor the weakest isolation that will do
     * @throws Failure {@code NOT_FOUND} (template), {@code UNSUPPORTED} (isolation), {@code NO_CAPACITY}
     */
    public EngineSandbox make(String templateName, Isolation floor, Limits limits) {
        Template template = templates.find(templateName);
        SandboxSpec spec =
                SandboxSpec.base(floor, limits).fromTemplate(template.digest()).endingWithUs();
        Optional<OwnFolder> folder = folders.computeIfAbsent(template.digest(), digest -> folder(template));
        return new EngineSandbox(
                engine.create(folder.map(spec::withFolder).orElse(spec), template), template, folder.isPresent());
    }

    /** Empty where the template's user is not as usual; the folder is then made from inside. */
    private static Optional<OwnFolder> folder(Template template) {
        return template.resolve("/etc/passwd")
                .flatMap(JobSandboxes::read)
                .flatMap(passwd -> passwd.lines()
                        .map(line -> line.split(":", -1))
                        .filter(fields -> fields.length >= PASSWD_FIELDS_MIN && fields[0].equals(USER))
                        .findFirst())
                .filter(fields -> fields[2].matches("[0-9]{1,5}") && fields[2].equals(fields[3]))
                .map(fields -> Integer.parseInt(fields[2]))
                .filter(id -> id < 1 << 16)
                .map(id -> new OwnFolder(JobRunner.FOLDER.substring(1), id));
    }

    /** The template is a stranger's: what is no small file is not read. */
    private static Optional<String> read(Path file) {
        try {
            boolean good = Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) <= PASSWD_BYTES_MAX;
            return good ? Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
