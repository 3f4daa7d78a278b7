package dev.skerry.cli;

import dev.skerry.wire.Quantity;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Looks at what the kernel of this machine offers, without changing anything.
 *
 * @param root the folder that holds {@code proc}, {@code sys} and {@code dev}: {@code /}, except in tests
 */
record HostChecks(Path root) {
    /**
     * One line of the doctor's report.
     *
     * @param purpose what it is needed for
     * @param fix the command that puts it right; empty when there is nothing to do or no way
     */
    record Check(String name, State state, String detail, String purpose, String fix) {
        enum State {
            OK,
            /** It works without, less well. */
            WARNING,
            MISSING;

            String label() {
                return name().toLowerCase(Locale.ROOT);
            }
        }
    }

    private static final long MEMORY_KIB_MIN = 1 << 20;

    List<Check> all() {
        return List.of(
                effectiveUser(),
                kernel(),
                memory(),
                runFolder(),
                userNamespaces(),
                cgroups(),
                overlay(),
                seccomp(),
                idmapped(),
                kvm());
    }

    private Check effectiveUser() {
        String uid = line("proc/self/status", "Uid:")
                .map(text -> text.split("\\s+", -1)[0])
                .orElse("?");
        return uid.equals("0")
                ? ok("user", "root", "making sandboxes")
                : missing("user", "uid " + uid, "making sandboxes", "sudo ./skerry doctor");
    }

    private Check kernel() {
        String release = text("proc/sys/kernel/osrelease").orElse("unknown").strip();
        return atLeast(release, 5, 12)
                ? ok("kernel", release, "idmapped mounts, which came with 5.12")
                : missing("kernel", release, "idmapped mounts, which came with 5.12", "install a newer kernel");
    }

    static boolean atLeast(String release, int major, int minor) {
        String[] parts = release.split("[^0-9]+", 3);
        if (parts.length < 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
            return false;
        }
        int found = Integer.parseInt(parts[0]);
        return found > major || (found == major && Integer.parseInt(parts[1]) >= minor);
    }

    private Check memory() {
        long kib = line("proc/meminfo", "MemAvailable:")
                .map(text -> Long.parseLong(text.replaceAll("[^0-9]", "")))
                .orElse(0L);
        String detail = Quantity.ofBytes(kib << 10) + " available";
        return kib >= MEMORY_KIB_MIN
                ? ok("memory", detail, "sandboxes of 512 MiB")
                : new Check(
                        "memory",
                        Check.State.WARNING,
                        detail,
                        "sandboxes of 512 MiB",
                        "use --memory to make smaller ones");
    }

    /** Where sandboxes have what they need while they run: some files each, made and removed. */
    private Check runFolder() {
        String purpose = "what is made and removed for each sandbox, without waiting for a disk";
        String type = "";
        String on = "";
        for (String line : lines("proc/self/mounts")) {
            String[] fields = line.split(" ", -1);
            boolean above = fields.length > 2 && (fields[1].equals("/") || "/run/skerry/".startsWith(fields[1] + "/"));
            // Of two at the same place the later one is on top.
            if (above && fields[1].length() >= on.length()) {
                on = fields[1];
                type = fields[2];
            }
        }
        return type.equals("tmpfs") || type.equals("ramfs")
                ? ok("run folder", type + " at " + on, purpose)
                : new Check(
                        "run folder",
                        Check.State.WARNING,
                        "/run/skerry is " + (type.isEmpty() ? "on an unknown file system" : type + " at " + on)
                                + ": files there take the time of a disk, some milliseconds for each sandbox",
                        purpose,
                        "stop what runs, then: mkdir -p /run/skerry && mount -t tmpfs -o mode=711 tmpfs /run/skerry"
                                + "\nin a container: start it with --tmpfs /run:exec");
    }

    private Check userNamespaces() {
        String purpose = "root inside a sandbox is nobody outside";
        long limit = number("proc/sys/user/max_user_namespaces").orElse(0L);
        if (!Files.exists(root.resolve("proc/self/ns/user"))) {
            return missing("user namespaces", "not in this kernel", purpose, "use a kernel with CONFIG_USER_NS");
        }
        return limit > 0
                ? ok("user namespaces", "up to " + limit, purpose)
                : missing("user namespaces", "switched off", purpose, "sysctl -w user.max_user_namespaces=15000");
    }

    private Check cgroups() {
        String purpose = "limits, usage, pause and kill";
        List<String> mounts = lines("proc/self/mounts");
        boolean pure = mounts.stream().anyMatch(line -> line.contains(" /sys/fs/cgroup cgroup2 "));
        List<String> v1 = mounts.stream()
                .filter(line -> line.matches("\\S+ \\S+ cgroup .*"))
                .map(line -> line.split(" ", -1)[1])
                .toList();
        if (pure) {
            String controllers =
                    text("sys/fs/cgroup/cgroup.controllers").orElse("").strip();
            List<String> lacking = Stream.of("memory", "cpu", "pids")
                    .filter(name -> !List.of(controllers.split(" ", -1)).contains(name))
                    .toList();
            return lacking.isEmpty()
                    ? ok("cgroups", "v2 with " + controllers, purpose)
                    : missing("cgroups", "v2 without " + String.join(", ", lacking), purpose, "enable them at boot");
        }
        boolean unified = mounts.stream().anyMatch(line -> line.matches("\\S+ \\S+ cgroup2 .*"));
        List<String> lacking = Stream.of("memory", "cpu", "pids", "freezer", "cpuacct")
                .filter(name ->
                        mounts.stream().noneMatch(line -> line.matches("\\S+ \\S+ cgroup .*\\b" + name + "\\b.*")))
                .toList();
        return lacking.isEmpty()
                ? ok(
                        "cgroups",
                        (unified ? "hybrid (v1 with an empty v2)" : "v1") + ", " + v1.size() + " hierarchies",
                        purpose)
                : missing(
                        "cgroups",
                        "v1 without " + String.join(", ", lacking),
                        purpose,
                        "mount the missing controllers");
    }

    private Check overlay() {
        String purpose = "a private writable layer over a shared root file system";
        boolean known =
                lines("proc/filesystems").stream().anyMatch(line -> line.strip().endsWith("overlay"));
        return known
                ? ok("overlayfs", "in the kernel", purpose)
                : missing("overlayfs", "not loaded", purpose, "modprobe overlay");
    }

    private Check seccomp() {
        String purpose = "the allow list of system calls";
        boolean filter =
                text("proc/sys/kernel/seccomp/actions_avail").orElse("").contains("errno");
        return filter
                ? ok("seccomp", "filters", purpose)
                : missing("seccomp", "no filters", purpose, "use a kernel with CONFIG_SECCOMP_FILTER");
    }

    private Check idmapped() {
        String release = text("proc/sys/kernel/osrelease").orElse("").strip();
        String purpose = "read-only layers shared by sandboxes with different uids";
        return atLeast(release, 5, 19)
                ? ok("idmapped mounts", "also below overlayfs", purpose)
                : new Check("idmapped mounts", Check.State.WARNING, "below overlayfs from 5.19 on", purpose, "");
    }

    private Check kvm() {
        return Files.exists(root.resolve("dev/kvm"))
                ? ok("kvm", "/dev/kvm", "sandboxes of level microvm, which are to come")
                : new Check(
                        "kvm",
                        Check.State.WARNING,
                        "no /dev/kvm: nothing of this version needs it",
                        "sandboxes of level microvm, which are to come",
                        "");
    }

    private static Check ok(String name, String detail, String purpose) {
        return new Check(name, Check.State.OK, detail, purpose, "");
    }

    private static Check missing(String name, String detail, String purpose, String fix) {
        return new Check(name, Check.State.MISSING, detail, purpose, fix);
    }

    private Optional<String> text(String path) {
        // Files.readString takes the size of a file of /proc, 0, for its length and asks for one byte first. A
        // number of /proc/sys is given out once, from its start: what came back of 96364 was 9.
        try (InputStream file = Files.newInputStream(root.resolve(path))) {
            return Optional.of(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty(); // absence is an answer here
        }
    }

    private List<String> lines(String path) {
        return text(path).map(content -> content.lines().toList()).orElse(List.of());
    }

    private Optional<String> line(String path, String prefix) {
        return lines(path).stream()
                .filter(line -> line.startsWith(prefix))
                .map(line -> line.substring(prefix.length()).strip())
                .findFirst();
    }

    private Optional<Long> number(String path) {
        return text(path)
                .map(String::strip)
                .filter(digits -> digits.matches("[0-9]{1,18}"))
                .map(Long::parseLong);
    }
}
