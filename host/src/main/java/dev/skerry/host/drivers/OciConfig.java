package dev.skerry.host.drivers;

import dev.skerry.host.engine.SandboxSpec;
import dev.skerry.wire.Privilege;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * The config.json of an OCI bundle (OCI runtime specification 1.0) whose process 1 is guestd: what every runtime gets
 * alike. Resource limits are absent on purpose, the host's cgroups hold them.
 */
final class OciConfig {
    /** Where guestd shows up inside. */
    static final String GUESTD = "/.skerry/guestd";

    /** Where libraries and files of ours show up inside, beside guestd. */
    static final String OURS = "/.skerry";

    /**
     * What guestd needs to switch users and to serve files of all of them; each process that it starts is bounded
     * further. These are capabilities within the sandbox's own user namespace.
     */
    private static final List<String> GUESTD_CAPABILITIES = List.of(
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_SETGID",
            "CAP_SETUID",
            "CAP_SETPCAP");

    /** Docker's defaults less NET_RAW and MKNOD; needed by sudo and by package managers. */
    private static final List<String> SUDO_CAPABILITIES =
            List.of("CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_AUDIT_WRITE", "CAP_SETFCAP");

    static final List<String> MASKED = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/interrupts",
            "/proc/kcore",
            "/proc/keys",
            "/proc/key-users",
            "/proc/kmsg",
            "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/sys/devices/virtual/powercap",
            "/sys/firmware",
            "/sys/fs/cgroup",
            "/sys/kernel/debug",
            "/sys/kernel/tracing",
            "/sys/kernel/security",
            "/sys/module");

    /** To be woken by pressure is not for a sandbox: the kernel works for it every other second, at nobody's charge. */
    static final List<String> READ_ONLY =
            List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/pressure", "/proc/sys", "/proc/sysrq-trigger");

    static final String HOSTNAME = "sandbox";

    /** Runtimes would look the home folder up in the image. */
    static final List<String> ENVIRONMENT =
            List.of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root");

    private static final long SHARED_MEMORY_BYTES = 64L << 20;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Map<String, Object> config = new LinkedHashMap<>();
    private final Map<String, Object> process = new LinkedHashMap<>();
    private final Map<String, Object> linux = new LinkedHashMap<>();
    private final Map<String, String> annotations = new LinkedHashMap<>();
    private final List<Map<String, Object>> namespaces = new ArrayList<>();
    private final List<Mount> mounts = new ArrayList<>();

    /** What is mounted inside, in order; options as of mount(8). */
    record Mount(String destination, String type, String source, List<String> options) {
        Mount {
            options = List.copyOf(options);
        }

        private Map<String, Object> json() {
            return Map.of("destination", destination, "type", type, "source", source, "options", options);
        }
    }

    OciConfig(Launch launch) {
        SandboxSpec spec = launch.spec();
        config.put("ociVersion", "1.0.0");
        fillProcess(spec.privilege());
        config.put("process", process);
        config.put("root", Map.of("path", launch.root().toString(), "readonly", false));
        config.put("hostname", HOSTNAME);
        config.put("linux", linux);
        config.put("annotations", annotations);
        linux.put("namespaces", namespaces);
        linux.put("maskedPaths", MASKED);
        linux.put("readonlyPaths", READ_ONLY);
        for (String kind : List.of("pid", "network", "ipc", "uts", "mount", "cgroup")) {
            namespaces.add(Map.of("type", kind));
        }
        kernelMounts();
        bind(launch.stagedGuestd(), GUESTD);
        for (int i = 0; i < spec.binds().size(); i++) {
            bind(launch.stagedBind(i), spec.binds().get(i).target());
        }
    }

    /** What process 1 has, by the names of capabilities(7). */
    static List<String> capabilities(Privilege privilege) {
        List<String> capabilities = new ArrayList<>(GUESTD_CAPABILITIES);
        if (privilege == Privilege.SUDO) {
            capabilities.addAll(SUDO_CAPABILITIES);
        }
        return capabilities;
    }

    List<Mount> mounts() {
        return Collections.unmodifiableList(mounts);
    }

    private void fillProcess(Privilege privilege) {
        List<String> capabilities = capabilities(privilege);
        process.put("terminal", false);
        process.put("user", Map.of("uid", 0, "gid", 0));
        process.put("args", List.of(GUESTD));
        process.put("env", ENVIRONMENT);
        process.put("cwd", "/");
        process.put(
                "capabilities",
                Map.of(
                        "bounding", capabilities,
                        "effective", capabilities,
                        "permitted", capabilities,
                        "inheritable", List.of(),
                        "ambient", List.of()));
        process.put("noNewPrivileges", privilege == Privilege.NONE);
    }

    /**
     * Hides the kernel's folders below {@code parents} behind one empty folder, where a runtime would mount a file
     * system of its own on each: docs/decisions/0004.
     */
    OciConfig hideBehind(Path empty, List<Path> parents) {
        List<String> masked = new ArrayList<>(MASKED);
        for (Path path : MASKED.stream().map(Path::of).toList()) {
            if (parents.stream().anyMatch(path::startsWith) && Files.isDirectory(path)) {
                mount(path.toString(), "bind", empty.toString(), List.of("bind", "ro", "nosuid", "nodev", "noexec"));
                masked.remove(path.toString());
            }
        }
        linux.put("maskedPaths", masked);
        return this;
    }

    /** For a runtime whose process 1 is not a process of the host, which would inherit them. */
    OciConfig limits(List<ProcessLimit> limits) {
        process.put(
                "rlimits",
                limits.stream()
                        .map(limit -> Map.of(
                                "type", "RLIMIT_" + limit.resource(), "soft", limit.value(), "hard", limit.value()))
                        .toList());
        return this;
    }

    private void kernelMounts() {
        mount("/proc", "proc", "proc", List.of("nosuid", "noexec", "nodev"));
        mount("/dev", "tmpfs", "tmpfs", List.of("nosuid", "strictatime", "mode=755", "size=65536k", "nr_inodes=1024"));
        mount(
                "/dev/pts",
                "devpts",
                "devpts",
                List.of("nosuid", "noexec", "newinstance", "max=256", "ptmxmode=0666", "mode=0620", "gid=5"));
        mount(
                "/dev/shm",
                "tmpfs",
                "shm",
                List.of("nosuid", "noexec", "nodev", "mode=1777", "size=" + SHARED_MEMORY_BYTES, "nr_inodes=4096"));
        mount("/dev/mqueue", "mqueue", "mqueue", List.of("nosuid", "noexec", "nodev"));
        mount("/sys", "sysfs", "sysfs", List.of("nosuid", "noexec", "nodev", "ro"));
    }

    private void mount(String destination, String type, String source, List<String> options) {
        mounts.add(new Mount(destination, type, source, options));
    }

    OciConfig bind(Path source, String target) {
        mount(target, "bind", source.toString(), List.of("bind", "ro", "nosuid", "nodev"));
        return this;
    }

    OciConfig bindWritable(Path source, String target) {
        mount(target, "bind", source.toString(), List.of("bind", "rw", "nosuid", "nodev"));
        return this;
    }

    /** Joins a user namespace that the shim made. */
    OciConfig userNamespace(Path file) {
        namespaces.add(Map.of("type", "user", "path", file.toString()));
        return this;
    }

    /** Lets the runtime make the user namespace. */
    OciConfig userMapping(long base, long count) {
        namespaces.add(Map.of("type", "user"));
        return mappings(base, count);
    }

    /** What the user namespace that is joined maps; runc wants to be told. */
    OciConfig mappings(long base, long count) {
        var mapping = List.of(Map.of("containerID", 0, "hostID", base, "size", count));
        linux.put("uidMappings", mapping);
        linux.put("gidMappings", mapping);
        return this;
    }

    OciConfig annotation(String name, String value) {
        annotations.put(name, value);
        return this;
    }

    OciConfig seccomp(Map<String, Object> profile) {
        linux.put("seccomp", profile);
        return this;
    }

    String json() {
        config.put("mounts", mounts.stream().map(Mount::json).toList());
        return JSON.writeValueAsString(config);
    }
}
