package dev.skerry.testkit;

import dev.skerry.host.cgroups.SandboxCgroup;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Launch;
import dev.skerry.wire.Limits;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.databind.node.ObjectNode;

/**
 * A runtime that starts everything in a cgroup that the engine does not know, and in the host's pid namespace: whoever
 * ends the sandbox ends only process 1. The other cgroup has limits, and is killed when this closes.
 */
final class Escape implements Weakness {
    private static final String ELSEWHERE = "elsewhere.1";
    private static final Duration BOUND = Duration.ofSeconds(10);

    private final RuntimeScript script = RuntimeScript.first("");
    private final List<SandboxCgroup> made = new ArrayList<>();

    @Override
    public Driver driver() {
        return script.driver();
    }

    @Override
    public Launch launch(Launch launch) {
        SandboxCgroup elsewhere = Weakness.cgroups(launch).create(ELSEWHERE, Limits.DEFAULT);
        made.add(elsewhere);
        script.write(elsewhere.boxDirs().stream()
                .map(Path::toString)
                .map(folder -> "echo $$ >" + folder + "/cgroup.procs")
                .collect(Collectors.joining("\n")));
        return launch;
    }

    @Override
    public void bundle(ObjectNode config) {
        Bundles.without(config, "pid");
        Bundles.hostProcesses(config); // a procfs of its own is for those who own their pid namespace
    }

    @Override
    public void close() {
        for (SandboxCgroup elsewhere : made) {
            elsewhere.kill(BOUND);
            elsewhere.remove(BOUND);
        }
        script.close();
    }
}
