package dev.skerry.testkit;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.drivers.RuntimeProgram;

/**
 * A runtime that does something before it starts the sandbox: crun behind a script. For what the runtime and not its
 * bundle decides.
 */
final class RuntimeScript implements Weakness {
    private final PlantedFile script = new PlantedFile("");

    static RuntimeScript first(String commands) {
        RuntimeScript runtime = new RuntimeScript();
        runtime.write(commands);
        return runtime;
    }

    /** Leaves that file open as descriptor 3 of process 1. */
    static RuntimeScript passing(String file) {
        return first("exec 3<" + file + "\nroot=$2\nshift 4\n"
                + "set -- --root \"$root\" --cgroup-manager=disabled run --preserve-fds=1 \"$@\"");
    }

    void write(String commands) {
        script.write("#!/bin/sh -e\n" + commands + "\nexec "
                + TestEngines.runtime("crun").path() + " \"$@\"\n");
    }

    @Override
    public Driver driver() {
        return Drivers.container(new RuntimeProgram("crun", script.path()));
    }

    @Override
    public void close() {
        script.close();
    }
}
