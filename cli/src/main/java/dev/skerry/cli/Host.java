package dev.skerry.cli;

import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.Language;
import dev.skerry.wire.Isolation;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** This machine as the commands see it: the engine on one data folder, or a fake of it in tests. */
interface Host extends AutoCloseable {
    JobSandbox create(SandboxSpec spec);

    /** Takes over a running sandbox by name or id. */
    JobSandbox attach(String nameOrId);

    /** Ends a sandbox by name or id, whoever controls it. */
    void kill(String nameOrId);

    List<Row> list();

    Template importTemplate(Path source, String name);

    List<Template> templates();

    /** Makes images of Debian's packages. @throws Failure {@code UNSUPPORTED} when something for that is missing */
    ImageMaker images();

    /** Which languages an image has and in which versions, as its own toolchains say in a sandbox. */
    Map<Language, String> languages(Path archive) throws InterruptedException;

    void removeTemplate(String name);

    /** What each driver needs, in the order of levels. */
    List<DriverReport> drivers();

    /** Names of dead sandboxes that have left something behind. */
    List<String> leftovers();

    /** Removes what dead sandboxes have left; their names. */
    List<String> clean();

    @Override
    void close();

    /**
     * A living or just ended sandbox.
     *
     * @param controller pid of the process that controls it, while that lives
     */
    record Row(
            String id,
            Optional<String> name,
            Isolation isolation,
            String runtime,
            boolean running,
            Instant created,
            Optional<Long> controller) {}

    /** Writes the archive of an image; see {@link dev.skerry.host.templates.debian.DebianImages#make}. */
    @FunctionalInterface
    interface ImageMaker {
        String make(List<String> packages, Path work, Path cache, Path archive) throws InterruptedException;
    }

    /** A root file system to run in. */
    record Template(String name, String digest, String origin) {}

    /** What one driver found when it looked at this machine. */
    record DriverReport(Isolation level, String runtime, List<Finding> findings) {}

    /**
     * One thing that a driver needs.
     *
     * @param fix the command that brings it; empty when nothing can
     */
    record Finding(String what, boolean good, String detail, String fix) {}
}
