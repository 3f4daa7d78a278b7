package dev.skerry.cli;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.host.engine.SandboxView;
import dev.skerry.host.jobs.EngineSandbox;
import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.templates.ImportLimits;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** This machine, through the engine. */
final class EngineHost implements Host {
    /** Whoever cleans up does not want to wait for somebody to ask how a sandbox ended. */
    private static final Duration KEEP_ENDED = Duration.ZERO;

    private final Engine engine;

    private EngineHost(Engine engine) {
        this.engine = engine;
    }

    static Host open(Path dataFolder) {
        return new EngineHost(Engine.open(EngineSettings.installed(dataFolder)));
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
        var imported = engine.templates().importOci(source, Optional.of(name), ImportLimits.DEFAULT);
        return row(imported);
    }

    private static Template row(dev.skerry.host.templates.Template template) {
        String origin = template.name().equals(dev.skerry.host.templates.Template.BASE)
                ? "the packages of this machine"
                : "an OCI image of " + template.lowerLayers().size() + " layers";
        return new Template(template.name().isEmpty() ? "-" : template.name(), template.digest(), origin);
    }

    @Override
    public List<Template> templates() {
        return engine.templates().list().stream().map(EngineHost::row).toList();
    }

    @Override
    public void removeTemplate(String name) {
        String digest = engine.templates().find(name).digest();
        var users = engine.list().stream()
                .filter(view -> view.state() == SandboxView.State.RUNNING)
                .filter(view -> view.record().template().equals(digest))
                .map(view -> view.id().text())
                .toList();
        if (!users.isEmpty()) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "template '" + name + "' is used by " + String.join(", ", users),
                    "./skerry kill " + String.join(" ", users));
        }
        engine.templates().remove(name);
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
        return engine.reaper().leftovers(KEEP_ENDED);
    }

    @Override
    public List<String> clean() {
        return engine.reaper().reap(KEEP_ENDED);
    }

    @Override
    public void close() {
        engine.close();
    }
}
