package dev.skerry.testkit;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.wire.stream.ExecRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/** Attacks on what lies outside: files, network, processes, privilege, system calls, secrets. */
final class Walls {
    private static final List<String> USERS = List.of("user", "root");

    private Walls() {}

    static void files(Arena arena) throws Exception {
        Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "skerry-canary");
        String secret = UUID.randomUUID().toString();
        Path canary = folder.resolve("secret");
        try {
            Files.setPosixFilePermissions(folder, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.writeString(canary, secret);
            Sandbox sandbox = arena.sandbox();
            for (String user : USERS) {
                arena.attack(sandbox, user, "files.py", List.of(canary.toString(), secret));
                Arena.shell(sandbox, "root", "rm -rf /tmp/link /tmp/hard /tmp/jail /tmp/node*");
            }
            ClaimBroken.unless(Files.readString(canary).equals(secret), "the canary was changed");
        } finally {
            Files.deleteIfExists(canary);
            Files.delete(folder);
        }
    }

    static void network(Arena arena) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getByName("0.0.0.0"))) {
            List<String> arguments =
                    new ArrayList<>(List.of(Integer.toString(listener.getLocalPort()), "skerry-canary"));
            arguments.addAll(addresses());
            Sandbox sandbox = arena.sandbox();
            for (String user : USERS) {
                arena.attack(sandbox, user, "network.py", arguments);
            }
        }
    }

    private static List<String> addresses() throws IOException {
        return NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(java.net.Inet4Address.class::isInstance)
                .map(InetAddress::getHostAddress)
                .toList();
    }

    static void processes(Arena arena) throws Exception {
        Sandbox neighbour = arena.sandbox();
        neighbour.guest().exec(ExecRequest.of("/bin/sleep", "1000"));
        Sandbox sandbox = arena.sandbox();
        List<String> foreign =
                List.of(Long.toString(ProcessHandle.current().pid()), "2", Long.toString(neighbour.guestPid()));
        for (String user : USERS) {
            arena.attack(sandbox, user, "processes.py", foreign);
        }
        String seen = Arena.shell(sandbox, "user", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
                .stdout();
        ClaimBroken.unless(!seen.contains("sleep 1000"), "a neighbour's process is visible: " + seen);
        ClaimBroken.unless(ProcessHandle.of(neighbour.guestPid()).isPresent(), "the neighbour was killed");
    }

    static void privilege(Arena arena) throws Exception {
        Sandbox sandbox = arena.sandbox();
        List<String> arguments = arena.has(Driver.Feature.SECCOMP_INSIDE) ? List.of() : List.of("gvisor");
        if (!arena.has(Driver.Feature.SECCOMP_INSIDE)) {
            userSpaceKernel(arena, sandbox);
            return;
        }
        // Root first: it plants the setuid program that the user then tries.
        arena.attack(sandbox, "root", "privilege.py", arguments);
        arena.attack(sandbox, "user", "privilege.py", arguments);
    }

    /**
     * Where a user-space kernel answers, what it lets pass stays inside; what counts is what the host's kernel sees.
     */
    private static void userSpaceKernel(Arena arena, Sandbox sandbox) throws Exception {
        String status = Arena.shell(sandbox, "root", "cat /proc/self/status").stdout();
        for (String line : status.lines().toList()) {
            if (line.startsWith("CapEff") || line.startsWith("CapPrm")) {
                ClaimBroken.unless(line.endsWith("0000000000000000"), "root inside has " + line);
            }
        }
        for (ProcessHandle process : ProcessHandle.of(sandbox.guestPid()).stream()
                .flatMap(ProcessHandle::descendants)
                .toList()) {
            String facts = read(Path.of("/proc", Long.toString(process.pid()), "status"));
            boolean sentry = facts.contains("Seccomp:\t2");
            boolean hostRoot = facts.contains("Uid:\t0\t0\t0\t0");
            ClaimBroken.unless(
                    facts.isEmpty() || sentry || !hostRoot,
                    "a process of the sandbox is root on the host, unfiltered: " + facts);
        }
        ClaimBroken.unless(arena.engine().drivers().available().size() > 1, "no other level to fall back from");
    }

    /**
     * Programs inside get nothing of it, but it is theirs as soon as one of them takes process 1 over. Where a runtime
     * stays as the parent, this is its environment.
     */
    private static void environment(Path process) {
        for (String variable : read(process.resolve("environ")).split("\0", -1)) {
            ClaimBroken.unless(variable.matches("|(PATH|HOME)=[/:a-z]*"), "process 1 has a variable: " + variable);
        }
    }

    /** As {@link #environment}; the log takes what guestd says before it speaks, and can only be written. */
    private static void descriptors(Path process) throws IOException {
        try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
            for (Path descriptor : descriptors.toList()) {
                String target = link(descriptor);
                ClaimBroken.unless(
                        !target.startsWith("/") || target.equals("/dev/null") || target.endsWith("/runtime.log"),
                        "process 1 holds " + target);
            }
        }
    }

    private static String link(Path path) {
        try {
            return Files.readSymbolicLink(path).toString();
        } catch (IOException e) {
            return ""; // it was closed
        }
    }

    private static String read(Path path) {
        try {
            return Files.readString(path);
        } catch (IOException e) {
            return ""; // it has ended
        }
    }

    static void systemCalls(Arena arena) throws Exception {
        Sandbox sandbox = arena.sandbox();
        if (!arena.has(Driver.Feature.SECCOMP_INSIDE)) {
            userSpaceKernel(arena, sandbox);
            return;
        }
        for (String user : USERS) {
            arena.attack(sandbox, user, "syscalls.py", List.of());
        }
    }

    static void secrets(Arena arena) throws Exception {
        String secret = UUID.randomUUID().toString();
        Sandbox neighbour = arena.sandbox();
        neighbour.guest().exec(ExecRequest.of("/bin/sleep", "1000").withEnv(Map.of("TOKEN", secret)));
        ProcessBuilder holding = new ProcessBuilder("sh", "-c", "read line; # " + secret);
        holding.environment().put("TOKEN", secret);
        Process holder = holding.start();
        try {
            Sandbox sandbox = arena.sandbox();
            String reversed = new StringBuilder(secret).reverse().toString();
            for (String user : USERS) {
                arena.attack(sandbox, user, "secrets.py", List.of(reversed));
            }
            Path process = Path.of("/proc", Long.toString(sandbox.guestPid()));
            environment(process);
            if (arena.has(Driver.Feature.SECCOMP_INSIDE)) {
                descriptors(process);
            }
        } finally {
            holder.destroyForcibly();
        }
    }
}
