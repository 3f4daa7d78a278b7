package dev.skerry.cli;

import dev.skerry.host.cgroups.CgroupLayout;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.host.engine.LeftInstances;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.engine.SandboxView;
import dev.skerry.host.engine.UnusedTemplates;
import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.InstalledLanguages;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.Language;
import dev.skerry.host.templates.ImportLimits;
import dev.skerry.host.templates.TemplateStore;
import dev.skerry.host.templates.debian.DebianImages;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import dev.skerry.wire.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** This machine, through the engine. */
final class EngineHost implements Host {
    /** Whoever cleans up does not want to wait for somebody to ask how a sandbox ended. */
    private static final Duration KEEP_ENDED = Duration.ZERO;

    /** Who comes back to a sandbox that has ended by itself is told how, for so long. */
    private static final Duration KEEP_UNASKED = Duration.ofHours(1);

    /** What a sandbox may use in which an image is only looked at. */
    private static final Limits LOOKING = Limits.DEFAULT.withMemoryBytes(1L << 30);

    private static final Path APT = Path.of("/etc/apt");

    private final Engine engine;

    private EngineHost(Engine engine) {
        this.engine = engine;
    }

    static Host open(Path dataFolder, Launcher launcher) {
        return new EngineHost(Engine.open(EngineSettings.installed(dataFolder).with(launcher)));
    }

    @Override
    public JobSandbox create(SandboxSpec spec) {
        return job(engine.create(spec), spec.template());
    }

    @Override
    public JobSandbox attach(String nameOrId) {
        Sandbox sandbox = engine.attach(nameOrId);
        return job(sandbox, sandbox.record().template());
    }

    private JobSandbox job(Sandbox sandbox, String template) {
        return new EngineSandbox(sandbox, engine.templates().find(template));
    }

    @Override
    public void kill(String nameOrId) {
        engine.kill(nameOrId);
    }

    @Override
    public List<Row> list() {
        return engine.list().stream()
                .map(view -> new Row(
                        view.id().text(),
                        view.record().name(),
                        view.record().isolation(),
                        view.record().runtime(),
                        view.state() == SandboxView.State.RUNNING,
                        Instant.ofEpochMilli(view.record().createdMillis()),
                        view.controller()))
                .toList();
    }

    @Override
    public Template importTemplate(Path source, String name) {
        return row(engine.templates().importOci(source, Optional.of(name), ImportLimits.DEFAULT));
    }

    @Override
    public ImageMaker images() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
        return new DebianImages(APT, path, InstantSource.system())::make;
    }

    @Override
    public Map<Language, String> languages(Path archive) throws InterruptedException {
        TemplateStore templates = engine.templates();
        List<String> known = digests(templates);
        String digest = templates
                .importOci(archive, Optional.empty(), ImportLimits.DEFAULT)
                .digest();
        SandboxSpec spec = SandboxSpec.base(Isolation.CONTAINER, LOOKING)
                .fromTemplate(digest)
                .endingWithUs();
        try (JobSandbox sandbox = create(spec)) {
            return InstalledLanguages.of(sandbox);
        } finally {
            if (!known.contains(digest)) {
                templates.removeUnlessNamed(digest);
            }
        }
    }

    private static List<String> digests(TemplateStore templates) {
        return templates.list().stream()
                .map(dev.skerry.host.templates.Template::digest)
                .toList();
    }

    @Override
    public List<Template> templates() {
        engine.templates().base();
        return engine.templates().shown().stream().map(EngineHost::row).toList();
    }

    @Override
    public void removeTemplate(String name) {
        new UnusedTemplates(engine).remove(name);
    }

    private static Template row(dev.skerry.host.templates.Template template) {
        boolean base = template.name().equals(dev.skerry.host.templates.Template.BASE);
        return new Template(template.name(), template.digest(), base ? "the packages of this machine" : "an OCI image");
    }

    @Override
    public List<DriverReport> drivers() {
        return engine.drivers().available().stream()
                .map(driver -> new DriverReport(driver.level(), driver.runtime(), findings(driver)))
                .toList();
    }

    private static List<Finding> findings(Driver driver) {
        return driver.probe().stream()
                .map(found -> new Finding(found.what(), found.good(), found.detail(), found.fix()))
                .toList();
    }

    @Override
    public List<String> leftovers() {
        return Stream.concat(engine.reaper().leftovers(KEEP_ENDED).stream(), leftInstances().find().stream())
                .toList();
    }

    @Override
    public List<String> clean() {
        return Stream.concat(engine.reaper().reap(KEEP_ENDED).stream(), leftInstances().remove().stream())
                .toList();
    }

    private static LeftInstances leftInstances() {
        return new LeftInstances(EngineSettings.RUN_FOLDER, InstantSource.system(), CgroupLayout.detect());
    }

    @Override
    public void close() {
        try (engine) {
            engine.reaper().reap(KEEP_UNASKED);
        } catch (RuntimeException e) {
            // Not this command's business; 'skerry doctor' shows what is left and why.
        }
    }
}
