package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Driver.Feature;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.hosts.AtDeadline;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * What every driver does, whatever its kind of isolation. Where a driver declares that it cannot do something
 * ({@link Feature}), the test says what it does instead. Nothing may be left of any sandbox.
 */
abstract class DriverContract extends LimitsContract {
    DriverContract(Function<TestHost, Driver> driver) {
        super(driver);
    }

    @Test
    void whatRunsInsideAnswersAndSaysHowItEnded() throws Exception {
        try (Sandbox sandbox = create()) {
            assertThat(sandbox.isolation()).isEqualTo(driver.level());
            assertThat(sandbox.record().runtime()).isEqualTo(driver.runtime());
            assertThat(run(sandbox, shell("echo hello; exit 7")).text()).isEqualTo("hello\n");
            assertThat(run(sandbox, shell("exit 7")).exit().code()).isEqualTo(7);
            ProcessExit killed = run(sandbox, shell("kill -9 $$")).exit();
            assertThat(killed.cause()).isEqualTo(ProcessExit.Cause.SIGNALLED);
            assertThat(killed.signal()).isEqualTo(SIGKILL);
            ExecRequest late = ExecRequest.of("/bin/sleep", "100").within(Duration.ofMillis(200));
            assertThat(run(sandbox, late).exit().cause()).isEqualTo(ProcessExit.Cause.TIMED_OUT);
            assertThat(sandbox.usage().memoryBytes()).isPositive();
            assertThat(sandbox.usage().processes()).isPositive();
        }
    }

    @Test
    void usersAndFilesInsideAreItsOwn() throws Exception {
        try (Sandbox sandbox = create()) {
            assertThat(run(sandbox, ExecRequest.of("/usr/bin/id", "-u").as("user"))
                            .text())
                    .isEqualTo("1000\n");
            assertThat(run(sandbox, ExecRequest.of("/usr/bin/id", "-u")).text()).isEqualTo("0\n");
            byte[] content = "kept".getBytes(StandardCharsets.UTF_8);
            sandbox.guest().files().as("user").write("/home/user/note", content, 0600);
            assertThat(run(
                                    sandbox,
                                    shell("cat note; stat -c :%u:%a note")
                                            .as("user")
                                            .in("/home/user"))
                            .text())
                    .isEqualTo("kept:1000:600\n");
            assertThat(sandbox.guest().files().readText("/home/user/note")).isEqualTo("kept");
        }
    }

    @Test
    void hostFoldersAreShownAndCannotBeWritten() throws Exception {
        Path folder = Files.createTempDirectory(Path.of("/var/tmp"), "skerry-shown");
        try {
            Files.writeString(folder.resolve("file"), "shown");
            // Open to all, so that nothing but the mount is in the way.
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
            Files.setPosixFilePermissions(folder.resolve("file"), PosixFilePermissions.fromString("rw-rw-rw-"));
            SandboxSpec spec = spec(Limits.DEFAULT).withBinds(List.of(new SandboxSpec.Bind(folder, "/data")));
            try (Sandbox sandbox = engine.create(spec)) {
                assertThat(run(sandbox, shell("cat /data/file")).text()).isEqualTo("shown");
                assertThat(run(sandbox, shell("echo x >/data/file || echo refused"))
                                .text())
                        .isEqualTo("refused\n");
            }
            assertThat(folder.resolve("file")).hasContent("shown");
        } finally {
            Files.deleteIfExists(folder.resolve("file"));
            Files.delete(folder);
        }
    }

    @Test
    void aRuntimeThatCannotStartItIsQuoted() {
        SandboxSpec impossible = spec(Limits.DEFAULT)
                .withBinds(List.of(new SandboxSpec.Bind(Path.of("/usr/share"), "/etc/passwd/below")));
        assertThatThrownBy(() -> engine.create(impossible))
                .isInstanceOf(Failure.class)
                .hasMessageMatching("(?s)the sandbox did not start: .*[a-z]{4}.*");
    }

    @Test
    void whoIsAttachedHearsOfTheEnd() throws Exception {
        Sandbox sandbox = create();
        GuestProcess sleeper = sandbox.guest().exec(ExecRequest.of("/bin/sleep", "100"));
        Instant soon = InstantSource.system().instant().plusMillis(50);
        sandbox.deadline(engine.bootMillis(soon), AtDeadline.KILL);
        assertThat(end(sandbox).cause()).isEqualTo(SandboxEnd.Cause.TIMED_OUT);
        assertThatThrownBy(() -> sleeper.await(BOUND))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SANDBOX_GONE));
        assertThat(sandbox.usage().cpuTime()).isPositive();
    }

    @Test
    void itEndsByItselfWhenAsked() throws Exception {
        Sandbox sandbox = create();
        sandbox.guest().exec(shell("trap '' TERM; sleep 100"));
        sandbox.guest().shutdown(Duration.ofMillis(200));
        SandboxEnd end = end(sandbox);
        assertThat(end.cause()).isEqualTo(SandboxEnd.Cause.GUEST_EXITED);
        assertThat(end.detail()).isEqualTo("process 1 exited with 0");
    }

    @Test
    void killingProcessOneEndsIt() throws Exception {
        Sandbox sandbox = create();
        sandbox.guest().exec(shell("setsid sleep 100 & sleep 100"));
        ProcessHandle.of(sandbox.guestPid()).orElseThrow().destroyForcibly();
        SandboxEnd end = end(sandbox);
        assertThat(end.cause()).isEqualTo(SandboxEnd.Cause.GUEST_EXITED);
        assertThat(end.detail()).contains("signal 9");
    }

    @Test
    void killingTheShimEndsIt() throws Exception {
        Sandbox sandbox = create();
        sandbox.guest().exec(shell("setsid sleep 100 & sleep 100"));
        ProcessHandle.of(host.shimOf(sandbox)).orElseThrow().destroyForcibly();
        assertThat(end(sandbox).cause()).isEqualTo(SandboxEnd.Cause.SHIM_LOST);
    }

    @Test
    void socketsLeadIntoItsNetworkAndNoOther() throws Exception {
        Sandbox sandbox = create();
        GuestProcess service = sandbox.guest().exec(python("""
                import socket
                with socket.create_server(('127.0.0.1', 0)) as listener:
                    print(listener.getsockname()[1], flush=True)
                    with listener.accept()[0] as one:
                        one.sendall(b'inside')
                """));
        int port = Integer.parseInt(
                new BufferedReader(new InputStreamReader(service.stdout(), StandardCharsets.US_ASCII)).readLine());
        try (ServerSocket outside = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            Optional<SocketChannel> socket = sandbox.guest().ports().connect(port);
            assertThat(socket.isPresent()).isEqualTo(sandbox.isolation() == Isolation.CONTAINER);
            if (socket.isPresent()) {
                try (SocketChannel inside = socket.get()) {
                    assertThat(inside.socket().getInputStream().readAllBytes())
                            .asString()
                            .isEqualTo("inside");
                }
                assertThatThrownBy(() -> sandbox.guest().ports().connect(outside.getLocalPort()))
                        .isInstanceOfSatisfying(
                                Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.HOST_UNREACHABLE));
            }
        }
        sandbox.destroy();
        assertThatThrownBy(() -> sandbox.guest().ports().connect(port))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SANDBOX_GONE));
    }

    @Test
    void anybodyMayKillIt() throws Exception {
        Sandbox sandbox = create();
        try (Engine other = another()) {
            other.kill(sandbox.id().text());
        }
        assertThat(end(sandbox).cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
    }

    @Test
    void pausedItDoesNothingAndCanBeDestroyed() throws Exception {
        Sandbox sandbox = create();
        sandbox.guest().exec(shell("while :; do :; done"));
        if (pauses(sandbox)) {
            assertThat(sandbox.paused()).isTrue();
            Duration used = sandbox.usage().cpuTime();
            assertThatThrownBy(() -> sandbox.guest().ping(Duration.ofMillis(200)))
                    .isInstanceOf(Failure.class);
            // A task that is being stopped may still count some of its last moment; running, it would count 200 ms.
            assertThat(sandbox.usage().cpuTime()).isLessThan(used.plusMillis(50));
            sandbox.resume();
        }
        assertThat(sandbox.guest().ping(BOUND)).isPositive();
        pauses(sandbox);
        assertThat(sandbox.destroy().cause()).isEqualTo(SandboxEnd.Cause.DESTROYED);
    }

    /** A pause that is refused leaves the sandbox running, and only some may refuse. */
    private boolean pauses(Sandbox sandbox) {
        try {
            sandbox.pause();
            return true;
        } catch (Failure e) {
            assertThat(can(Feature.PAUSES_ALWAYS)).isFalse();
            assertThat(e.code()).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
            assertThat(sandbox.paused()).isFalse();
            return false;
        }
    }

    @Test
    void whatOneEngineLeftAnotherAttachesToAndLosesNoByte() throws Exception {
        Sandbox sandbox = engine.create(spec(Limits.DEFAULT).named("night"));
        GuestProcess process = sandbox.guest().exec(shell("for i in $(seq 1 20000); do echo line $i; done; exit 7"));
        byte[] before = process.stdout().readNBytes(1000);
        process.acknowledge();
        sandbox.detach();
        Files.delete(host.runFolderOf(sandbox).resolve("owner"));
        try (Engine later = another();
                Sandbox again = later.attach("night")) {
            long number = again.guest().processes().list().getFirst().process();
            GuestProcess same = again.guest().processes().attach(number);
            byte[] rest = same.stdout().readAllBytes();
            assertThat(same.await(BOUND).orElseThrow().code()).isEqualTo(7);
            StringBuilder expected = new StringBuilder();
            for (int i = 1; i <= 20_000; i++) {
                expected.append("line ").append(i).append('\n');
            }
            String seen = new String(before, StandardCharsets.UTF_8) + new String(rest, StandardCharsets.UTF_8);
            assertThat(seen).hasSameSizeAs(expected).isEqualTo(expected.toString());
        }
    }

    @Test
    void theReaperTakesTheDeadAndLeavesTheLiving() throws Exception {
        Sandbox living = create();
        Sandbox dead = create();
        dead.detach();
        Files.delete(host.runFolderOf(dead).resolve("owner"));
        long shim = host.shimOf(dead);
        ProcessHandle.of(shim).orElseThrow().destroyForcibly();
        host.await("the shim is gone", () -> ProcessHandle.of(shim).isEmpty());
        assertThat(engine.reaper().reap(Duration.ZERO))
                .containsExactly(dead.record().folder());
        assertThat(engine.reaper().reap(Duration.ZERO)).isEmpty();
        assertThat(run(living, ExecRequest.of("/bin/echo", "alive")).text()).isEqualTo("alive\n");
        living.destroy();
    }

    @Test
    void setuidProgramsGainWhatTheDriverDeclares() throws Exception {
        try (Sandbox sandbox = engine.create(spec(Limits.DEFAULT).withPrivilege(Privilege.SUDO))) {
            run(
                    sandbox,
                    shell("cp /usr/bin/id /var/tmp/id && chmod 4755 /var/tmp/id")
                            .unconfined());
            assertThat(run(
                                    sandbox,
                                    ExecRequest.of("/var/tmp/id", "-u")
                                            .as("user")
                                            .unconfined())
                            .text())
                    .isEqualTo(can(Feature.SETUID) ? "0\n" : "1000\n");
        }
    }

    @Test
    void theFilterIsWhereTheDriverDeclares() throws Exception {
        try (Sandbox sandbox = create()) {
            String inside =
                    run(sandbox, shell("grep ^Seccomp: /proc/self/status")).text();
            assertThat(inside.endsWith("2\n")).isEqualTo(can(Feature.SECCOMP_INSIDE));
            // Without one of ours, the user-space kernel filters itself.
            assertThat(ProcessHandle.of(host.shimOf(sandbox)).orElseThrow().descendants())
                    .anyMatch(process -> status(process).contains("Seccomp:\t2"));
        }
    }

    private static String status(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"));
        } catch (IOException e) {
            return ""; // it has ended
        }
    }
}
