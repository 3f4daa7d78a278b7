package dev.skerry.testkit;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Launch;
import dev.skerry.host.drivers.ShimPlan;
import dev.skerry.wire.Isolation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A driver with a hole in it. */
final class WeakenedDriver implements Driver {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Driver inner;
    private final Weakness weakness;

    WeakenedDriver(Weakness weakness) {
        this.inner = weakness.driver();
        this.weakness = weakness;
    }

    @Override
    public Isolation level() {
        return inner.level();
    }

    @Override
    public String runtime() {
        return "weakened";
    }

    @Override
    public Set<Feature> features() {
        return inner.features();
    }

    @Override
    public List<Finding> probe() {
        return inner.probe();
    }

    @Override
    public ShimPlan plan(Launch launch) {
        ShimPlan plan = inner.plan(weakness.launch(launch));
        Path file = launch.runDir().resolve("config.json");
        try {
            ObjectNode config = (ObjectNode) JSON.readTree(Files.readString(file));
            weakness.bundle(config);
            Files.writeString(file, JSON.writeValueAsString(config));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        weakness.host(launch);
        return plan;
    }

    @Override
    public void sweep(Launch launch) {
        inner.sweep(launch);
    }
}
