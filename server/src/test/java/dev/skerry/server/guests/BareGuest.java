package dev.skerry.server.guests;

import dev.skerry.server.sandboxes.Lifetime;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.OpenStreams;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.sandboxes.Why;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.stream.GuestConnection;
import dev.skerry.wire.stream.Loopback;
import dev.skerry.wire.stream.PipeTransport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The real guestd as process 1 of a pid namespace of its own, over pipes. It sees this machine's files and network, but
 * {@code /home} is a folder of the test, all else but {@code /tmp} is read-only, and the accounts are root and
 * {@code user} (1000). Closing it kills everything
 * that was started in it.
 */
public final class BareGuest implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Instant STARTED = Instant.parse("2026-01-01T00:00:00Z");

    private final Process process;
    private final GuestConnection guest;
    private final OpenStreams streams = new OpenStreams();
    private final SandboxId id = SandboxId.create(STARTED, new SecureRandom());
    private final Path home;

    /** @param folder empty, and the test's own */
    public static BareGuest start(Path folder) throws IOException {
        return start(folder, Loopback.NONE);
    }

    /** @param loopback of what is this machine's network here */
    public static BareGuest start(Path folder, Loopback loopback) throws IOException {
        return new BareGuest(folder, loopback);
    }

    private BareGuest(Path folder, Loopback loopback) throws IOException {
        home = Files.createDirectories(folder.resolve("home"));
        Path user = Files.createDirectories(home.resolve("user"));
        Files.setPosixFilePermissions(user, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setAttribute(user, "unix:uid", 1000);
        Files.setAttribute(user, "unix:gid", 1000);
        Path passwd = Files.writeString(
                folder.resolve("passwd"), "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000::/home/user:/bin/bash\n");
        Path group = Files.writeString(folder.resolve("group"), "root:x:0:\nuser:x:1000:\n");
        String script = "mount --bind /tmp /tmp && mount --bind \"$1\" /home && mount --bind \"$2\" /etc/passwd"
                + " && mount --bind \"$3\" /etc/group && mount -o remount,bind,ro / && exec \"$4\"";
        process = new ProcessBuilder(
                        "unshare",
                        "--mount",
                        "--pid",
                        "--fork",
                        "--kill-child",
                        "--mount-proc",
                        "sh",
                        "-c",
                        script,
                        "sh",
                        home.toString(),
                        passwd.toString(),
                        group.toString(),
                        program().toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        guest = GuestConnection.open(
                new PipeTransport(process.getInputStream(), process.getOutputStream(), loopback), 1, SOON);
    }

    private static Path program() {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(root.resolve("native"))) {
            root = root.getParent();
        }
        Path built = root.resolve("native/build/x86_64");
        Path program = Path.of(System.getProperty("skerry.native.dir", built.toString()), "guestd");
        if (!Files.isExecutable(program)) {
            throw new AssertionError(program + " is missing: run `make -C native`");
        }
        return program;
    }

    public GuestConnection connection() {
        return guest;
    }

    public OpenStreams streams() {
        return streams;
    }

    public SandboxId id() {
        return id;
    }

    /** What {@code /home} is inside. */
    public Path home() {
        return home;
    }

    /** As the gateway hands it to services: secure, not public. */
    public LiveSandbox live() {
        return live(true, false, Map.of());
    }

    public LiveSandbox live(boolean secure, boolean publicTraffic, Map<String, String> environment) {
        return live(Privilege.NONE, secure, publicTraffic, environment);
    }

    /** What root may be asked to do then, it does on this machine: only below {@code /home} is that harmless. */
    public LiveSandbox live(
            Privilege privilege, boolean secure, boolean publicTraffic, Map<String, String> environment) {
        SandboxConfig config = new SandboxConfig(
                "base",
                Optional.empty(),
                Isolation.CONTAINER,
                SandboxSettings.DEFAULT.limits(),
                privilege,
                Map.of(),
                environment,
                secure,
                publicTraffic,
                Lifetime.ENDS,
                "{}");
        SandboxState state = new SandboxState.Running(new HostId("local"), Isolation.CONTAINER, STARTED);
        Sandbox sandbox = new Sandbox(
                id, TenantId.DEFAULT, 1, 1, config, STARTED, STARTED.plus(Duration.ofDays(1)), state, Why.UNKNOWN);
        return new LiveSandbox(sandbox, guest, streams, () -> new Usage(1 << 20, 2 << 20, 512 << 10, SOON, 3, 0, 4096));
    }

    /** As when a sandbox dies under its users. */
    public void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    @Override
    public void close() {
        kill();
        process.onExit().orTimeout(SOON.toMillis(), TimeUnit.MILLISECONDS).join();
        guest.close();
    }
}
