package dev.skerry.testkit;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/**
 * At least one hole for every claim. Limits are weakened to higher ones, so that an attack that gets through still ends
 * at a bound that does the host no harm.
 */
final class Holes {
    private static final long MIB = 1 << 20;

    private Holes() {}

    static List<Hole> all() {
        return List.of(
                new Hole(
                        "C1",
                        "a host folder mounted inside",
                        "search: /host",
                        () -> Weakness.bundle(config -> Bundles.mount(config, "/host", "/var/tmp"))),
                new Hole(
                        "C2",
                        "the host's network namespace",
                        "connected",
                        () -> Weakness.bundle(config -> Bundles.without(config, "network"))),
                new Hole("C3", "the host's `/proc`", "sees", () -> Weakness.bundle(Bundles::hostProcesses)),
                new Hole(
                        "C4",
                        "a limit of 256 tasks instead of 64",
                        "more tasks than allowed",
                        () -> Weakness.cgroup(limits -> limits.withProcesses(256))),
                new Hole(
                        "C5",
                        "a limit of 256 MiB instead of 96",
                        "used 268435456",
                        () -> Weakness.cgroup(limits -> limits.withMemoryBytes(256 * MIB))),
                new Hole(
                        "C5",
                        "on cgroup v1, 512 MiB for sockets",
                        "sockets hold ",
                        () -> Weakness.host(launch -> Sockets.allow(launch, 512 * MIB))),
                new Hole("C5", "no seccomp filter", "objects took", () -> Weakness.bundle(Bundles::noFilter)),
                new Hole(
                        "C6",
                        "a whole CPU instead of 0.15",
                        "of a CPU instead of 0.15",
                        () -> Weakness.cgroup(limits -> limits.withCpuMillis(1000))),
                Hole.limits(
                        "C6",
                        "no limit on CPU time",
                        "ended by SandboxEnd[cause=TIMED_OUT",
                        limits -> limits.cpuTime().isEmpty()
                                ? limits
                                : limits.withCpuTime(Duration.ofHours(1)).withWallTime(Duration.ofSeconds(2))),
                new Hole(
                        "C7",
                        "a file system of 1 GiB at `/home/user`",
                        "/home/user took",
                        () -> Weakness.bundle(config -> Bundles.memoryOn(config, "/home/user"))),
                new Hole(
                        "C8",
                        "programs whose output goes through a buffer without bound",
                        "the flood ended",
                        GreedyPython::new),
                Hole.output(
                        "C8",
                        "a reader that keeps what nobody has asked for",
                        "the host's heap grew by ",
                        output -> new ReadAhead(output, ByteBuffer::allocate)),
                Hole.output(
                        "C8",
                        "a reader that keeps it outside the heap",
                        "the host's process grew by ",
                        output -> new ReadAhead(output, ByteBuffer::allocateDirect)),
                new Hole(
                        "C9",
                        "65,536 open files on gVisor",
                        "open files: ",
                        () -> UserSpaceKernel.allowing("RLIMIT_NOFILE", 1 << 16)),
                new Hole(
                        "C9",
                        "core files of 1 MiB on gVisor",
                        "core files: ",
                        () -> UserSpaceKernel.allowing("RLIMIT_CORE", MIB)),
                new Hole(
                        "C9",
                        "files of any size",
                        "a file of any size",
                        () -> Weakness.launch(limits -> limits.withDisk(2 * 1024 * 1024 * MIB, 1000))),
                new Hole(
                        "C10",
                        "a file system of 1 GiB at `/dev/shm`",
                        "/dev/shm took",
                        () -> Weakness.bundle(config -> Bundles.memoryOn(config, "/dev/shm"))),
                Hole.limits(
                        "C11",
                        "a deadline of a minute instead of 4 s",
                        "the deadline passed unnoticed",
                        limits -> limits.withWallTime(Duration.ofMinutes(1))),
                new Hole("C11", "processes in another cgroup and no pid namespace", "still there: ", Escape::new),
                new Hole("C12", "no seccomp filter", "bpf: ", () -> Weakness.bundle(Bundles::noFilter)),
                new Hole("C13", "no seccomp filter", "was carried out", () -> Weakness.bundle(Bundles::noFilter)),
                new Hole(
                        "C14",
                        "a variable in the environment of process 1",
                        "process 1 has a variable: TOKEN",
                        () -> Weakness.bundle(config -> Bundles.variable(config, "TOKEN=planted"))),
                new Hole(
                        "C14",
                        "a descriptor that the runtime passes on",
                        "process 1 holds /etc/hostname",
                        () -> RuntimeScript.passing("/etc/hostname")),
                new Hole("C14", "the host's `/proc`", "secret: ", () -> Weakness.bundle(Bundles::hostProcesses)),
                new Hole("C15", "processes in another cgroup and no pid namespace", "process ", Escape::new),
                new Hole("C15", "a cgroup that nobody removes", "cgroup /", Forgotten::cgroup),
                new Hole("C15", "a mount on the host", "mount ", Forgotten::mount),
                new Hole("C15", "a claim of uids that nobody gives back", "uids of ", Forgotten::uids),
                new Hole("C16", "a user who is root by another name", "root's folder was changed", RootByName::new),
                new Hole("C19", "the same uids for two sandboxes", "a neighbour is starved", SharedUids::new));
    }
}
