package dev.skerry.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * The lower bound made of somebody else's parts: a bundle for {@code crun run} with the namespaces of a sandbox and a
 * read-only view of the same template, without seccomp filter, limits, writable layer or shim. crun 1.8 refuses hybrid
 * cgroup layouts and has to reach the root file system with the sandbox's uids, so a process that sleeps holds a mount
 * namespace in which both are arranged; entering it costs about 1 ms of each value.
 */
final class BareCrun implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final long UID_BASE = 0x6fff_0000L;

    private final Path crun;
    private final Path bundle;
    private final Process holder;
    private int count;

    BareCrun(Path crun, Path bundle, Path root, List<String> args) throws IOException {
        this.crun = crun;
        this.bundle = bundle;
        Path stage = bundle.resolve("root");
        Files.createDirectories(stage);
        Files.writeString(bundle.resolve("config.json"), JSON.writeValueAsString(config(stage, args)));
        this.holder = new ProcessBuilder(
                        "unshare",
                        "--mount",
                        "sh",
                        "-c",
                        "umount -l /sys/fs/cgroup/unified 2>/dev/null; "
                                + "mount --bind \"$1\" \"$2\" && echo && exec sleep 3600",
                        "sh",
                        root.toString(),
                        stage.toString())
                .start();
        if (holder.getInputStream().read() < 0) {
            throw new IOException("no mount namespace for the bare crun");
        }
    }

    List<String> command() {
        count++;
        return List.of(
                "nsenter",
                "--mount=/proc/" + holder.pid() + "/ns/mnt",
                crun.toString(),
                "--cgroup-manager=disabled",
                "--root",
                bundle.resolve("state").toString(),
                "run",
                "--bundle",
                bundle.toString(),
                "bench-" + ProcessHandle.current().pid() + "-" + count);
    }

    @Override
    public void close() {
        holder.destroyForcibly();
    }

    private static Map<String, Object> config(Path root, List<String> args) {
        List<Map<String, Object>> namespaces = new ArrayList<>();
        for (String kind : List.of("user", "pid", "network", "ipc", "uts", "mount", "cgroup")) {
            namespaces.add(Map.of("type", kind));
        }
        var mapping = List.of(Map.of("containerID", 0, "hostID", UID_BASE, "size", 65_536));
        return Map.of(
                "ociVersion",
                "1.0.0",
                "process",
                Map.of(
                        "user",
                        Map.of("uid", 0, "gid", 0),
                        "args",
                        args,
                        "env",
                        List.of("PATH=/usr/bin:/bin"),
                        "cwd",
                        "/",
                        "noNewPrivileges",
                        true),
                "root",
                Map.of("path", root.toString(), "readonly", true),
                "mounts",
                List.of(
                        Map.of("destination", "/proc", "type", "proc", "source", "proc"),
                        Map.of("destination", "/dev", "type", "tmpfs", "source", "tmpfs")),
                "linux",
                Map.of("namespaces", namespaces, "uidMappings", mapping, "gidMappings", mapping));
    }
}
