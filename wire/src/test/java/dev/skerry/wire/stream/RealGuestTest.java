package dev.skerry.wire.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RealGuestTest {
    private static final Duration SOON = RealGuest.SOON;
    private static final int SIGTERM = 15;

    private RealGuest real;
    private GuestConnection guest;

    @TempDir
    Path folder;

    @BeforeEach
    void start() throws IOException {
        real = new RealGuest();
        guest = real.socket(1);
    }

    @AfterEach
    void stop() throws Exception {
        guest.close();
        real.close();
    }

    private static ExecRequest shell(String script) {
        return ExecRequest.of("/bin/sh", "-c", script).unconfined().in("/");
    }

    private static String text(InputStream in) throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void aProcessHasItsArgumentsStreamsAndExit() throws Exception {
        GuestProcess process = guest.exec(shell("cat; echo bad >&2; exit 3").withInput());
        process.stdin().write("hello".getBytes(StandardCharsets.UTF_8));
        process.stdin().close();
        assertThat(text(process.stdout())).isEqualTo("hello");
        assertThat(text(process.stderr())).isEqualTo("bad\n");
        ProcessExit exit = process.await(SOON).orElseThrow();
        assertThat(exit.cause()).isEqualTo(ProcessExit.Cause.EXITED);
        assertThat(exit.code()).isEqualTo(3);
        assertThat(exit.wallTime()).isPositive();
        process.forget();
        assertThat(guest.processes().list()).isEmpty();
    }

    @Test
    void aSignalAndATimeoutAreTold() throws Exception {
        GuestProcess asked = guest.exec(shell("exec sleep 100"));
        asked.signal(SIGTERM, GuestProcess.Scope.PROCESS);
        assertThat(asked.await(SOON).orElseThrow().signal()).isEqualTo(SIGTERM);
        GuestProcess late = guest.exec(shell("exec sleep 100").within(Duration.ofMillis(50)));
        assertThat(late.await(SOON).orElseThrow().cause()).isEqualTo(ProcessExit.Cause.TIMED_OUT);
    }

    @Test
    void theOwnPipesDoAsWell() throws Exception {
        try (RealGuest other = new RealGuest()) {
            try (GuestConnection pipes = other.pipes()) {
                assertThat(text(pipes.exec(shell("echo hi")).stdout())).isEqualTo("hi\n");
            }
            assertThat(other.awaitExit())
                    .as("guestd ends with its descriptor 0")
                    .isTrue();
        }
    }

    @Test
    void aMissingProgramIsNotFound() {
        assertFailure(
                ErrorCode.NOT_FOUND,
                () -> guest.exec(ExecRequest.of("/no/such/program").unconfined().in("/")));
        assertThat(guest.closed()).isFalse();
    }

    @Test
    void aRequestOfAlmostAMillionBytesArrives() throws Exception {
        List<String> args = new ArrayList<>(List.of("/bin/sh", "-c", "echo $#; printf %s \"$9\" | wc -c", "sh"));
        for (int i = 0; i < 9; i++) {
            args.add("x".repeat(110_000));
        }
        assertThat(text(guest.exec(ExecRequest.of(args).unconfined().in("/")).stdout()))
                .isEqualTo("9\n110000\n");
        args.add("y".repeat(110_000));
        assertFailure(ErrorCode.LIMIT_EXCEEDED, () -> guest.exec(ExecRequest.of(args)));
    }

    @Test
    void filesComeAndGoWhole() throws Exception {
        byte[] content = new byte[5_000_000];
        new Random(1).nextBytes(content);
        String path = folder.resolve("some/file").toString();
        GuestFiles files = guest.files();
        files.write(path, content, 0640);
        assertThat(Files.readAllBytes(Path.of(path))).isEqualTo(content);
        assertThat(files.stat(path).size()).isEqualTo(content.length);
        assertThat(files.stat(path).mode()).isEqualTo(0640);
        assertThat(files.read(path).readAllBytes()).isEqualTo(content);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertThat(files.read(path).transferTo(out)).isEqualTo(content.length);
        assertThat(out.toByteArray()).isEqualTo(content);
        assertThat(files.read(path, 1_000, 70_000).readAllBytes())
                .isEqualTo(Arrays.copyOfRange(content, 1_000, 71_000));
        assertFailure(ErrorCode.NOT_FOUND, () -> files.read(path + "-not"));
        assertFailure(ErrorCode.INVALID_REQUEST, () -> files.read(folder.toString()));
    }

    @Test
    void anUploadThatIsNotFinishedLeavesTheOldContent() throws Exception {
        String path = folder.resolve("file").toString();
        guest.files().write(path, "old".getBytes(StandardCharsets.UTF_8), 0644);
        try (Upload upload = guest.files().write(path, GuestFiles.Mode.ATOMIC, 0644)) {
            upload.output().write("half of the n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(guest.files().readText(path)).isEqualTo("old");
        assertThat(guest.files().list(folder.toString())).hasSize(1);
        try (Upload upload = guest.files().write(path, GuestFiles.Mode.ATOMIC, 0644)) {
            upload.output().write("new".getBytes(StandardCharsets.UTF_8));
            assertThat(upload.finish()).isEqualTo(3);
        }
        assertThat(guest.files().readText(path)).isEqualTo("new");
    }

    @Test
    void namesThatAreNotUtf8Survive() throws Exception {
        Process made = new ProcessBuilder("/bin/sh", "-c", "printf x > \"$(printf 'caf\\351')\"")
                .directory(folder.toFile())
                .start();
        assertThat(made.waitFor()).isZero();
        FileInfo entry = guest.files().list(folder.toString()).getFirst();
        assertThat(entry.path()).isEqualTo("caf\uDCE9");
        assertThat(guest.files().readText(folder + "/" + entry.path())).isEqualTo("x");
    }

    @Test
    void foldersAreListedWatchedAndArchived() throws Exception {
        GuestFiles files = guest.files();
        String root = folder.toString();
        files.makeFolder(root + "/a/b", 0755);
        files.link(root + "/a/link", "../elsewhere");
        Listing all = files.list(root, 64, 1000);
        assertThat(all.entries()).extracting(FileInfo::path).containsExactlyInAnyOrder("a", "a/b", "a/link");
        assertThat(files.list(root, 64, 2).truncated()).isTrue();
        try (Watch watch = files.watch(root + "/a", true)) {
            files.write(root + "/a/b/new", new byte[1], 0644);
            assertThat(watch.poll(SOON).orElseThrow().path()).isEqualTo("b/new");
        }
        byte[] archive = files.archive(root + "/a", 1 << 20).readAllBytes();
        files.makeFolder(root + "/copy", 0755);
        try (Upload upload = files.extract(root + "/copy", 1 << 20, 100)) {
            upload.output().write(archive);
            upload.finish();
        }
        assertThat(files.linkStat(root + "/copy/link").target()).contains("../elsewhere");
        files.move(root + "/copy/b/new", root + "/moved", false);
        files.remove(root + "/a", true);
        assertThat(files.exists(root + "/a")).isFalse();
        assertThat(files.exists(root + "/moved")).isTrue();
    }

    @Test
    void aPortIsDialledThroughTheStream() throws Exception {
        try (ServerSocket service = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofVirtual().start(() -> echo(service));
            assertThat(guest.ports().listeners())
                    .extracting(GuestPorts.Listener::port)
                    .contains(service.getLocalPort());
            byte[] sent = new byte[1_000_000];
            new Random(2).nextBytes(sent);
            try (GuestPorts.Connection connection = guest.ports().dial(service.getLocalPort())) {
                Thread.ofVirtual().start(() -> writeAll(connection.output(), sent));
                assertThat(connection.input().readAllBytes()).isEqualTo(sent);
            }
        }
    }

    private static void echo(ServerSocket service) {
        try (Socket socket = service.accept()) {
            socket.getInputStream().transferTo(socket.getOutputStream());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static void writeAll(OutputStream out, byte[] bytes) {
        try (out) {
            out.write(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void anotherConnectionGoesOnWhereThisOneStopped() throws Exception {
        int lines = 200_000;
        GuestProcess first = guest.exec(shell("i=0; while [ $i -lt " + lines + " ]; do echo $i; i=$((i+1)); done"));
        byte[] start = first.stdout().readNBytes(300_000);
        first.acknowledge();
        GuestConnection second = real.socket(2);
        GuestProcess again = second.processes().attach(first.process(), start.length, 0);
        assertThat(again.offsets()).containsExactly((long) start.length, 0L);
        assertThat(again.lost()).containsExactly(0L, 0L);
        byte[] rest = again.stdout().readAllBytes();
        StringBuilder expected = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            expected.append(i).append('\n');
        }
        String whole = new String(start, StandardCharsets.UTF_8) + new String(rest, StandardCharsets.UTF_8);
        assertThat(whole.contentEquals(expected)).isTrue();
        assertThat(again.await(SOON).orElseThrow().success()).isTrue();
        second.close();
    }

    @Test
    void anAttachOnTheSameConnectionTakesTheProcessOver() throws Exception {
        GuestProcess first = guest.exec(shell("echo one; read line; echo two").withInput());
        byte[] line = new byte[4];
        assertThat(first.stdout().read(line)).isEqualTo(4);
        first.acknowledge();
        GuestProcess second = guest.processes().attach(first.process());
        assertFailure(ErrorCode.CONFLICT, () -> first.stdout().read());
        assertFailure(ErrorCode.CONFLICT, () -> first.await(SOON));
        second.stdin().write('\n');
        assertThat(text(second.stdout())).isEqualTo("two\n");
    }

    @Test
    void aConsumerThatDoesNotReadBlocksNobodyElse() throws Exception {
        GuestProcess slow = guest.exec(shell("exec head -c 50000000 /dev/zero"));
        for (int i = 0; i < 20; i++) {
            assertThat(text(guest.exec(shell("echo " + i)).stdout())).isEqualTo(i + "\n");
        }
        assertThat(slow.await(Duration.ZERO)).isEmpty();
        assertThat(slow.stdout().transferTo(OutputStream.nullOutputStream())).isEqualTo(50_000_000);
    }

    @Test
    void inputThatNobodyReadsBlocksItsWriterOnly() throws Exception {
        GuestProcess deaf = guest.exec(shell("exec sleep 100").withInput());
        AtomicReference<Throwable> outcome = new AtomicReference<>();
        Thread writer = Thread.ofPlatform().start(() -> {
            try {
                deaf.stdin().write(new byte[2 << 20]);
            } catch (IOException | Failure e) {
                outcome.set(e);
            }
        });
        assertThat(guest.exec(shell("true")).await(SOON)).isPresent();
        assertThat(writer.isAlive()).isTrue();
        deaf.signal(SIGTERM, GuestProcess.Scope.PROCESS);
        writer.join(SOON);
        assertThat(deaf.await(SOON)).isPresent();
        assertThat(writer.isAlive()).isFalse();
    }

    @Test
    void anInterruptEndsOneWaitAndNotTheConnection() throws Exception {
        for (Thread.Builder threads : List.of(Thread.ofPlatform(), Thread.ofVirtual())) {
            GuestProcess quiet = guest.exec(shell("exec sleep 100"));
            AtomicReference<Throwable> outcome = new AtomicReference<>();
            Thread reader = threads.start(() -> {
                try {
                    quiet.stdout().read();
                } catch (IOException | Failure e) {
                    outcome.set(e);
                }
            });
            Eventually.holds(() -> reader.getState() == Thread.State.WAITING);
            reader.interrupt();
            assertThat(reader.join(SOON)).isTrue();
            assertThat(outcome.get()).isInstanceOf(Failure.class).hasMessageContaining("interrupted");
            // What an interrupted thread writes must not close the socket either.
            Thread.currentThread().interrupt();
            quiet.detach();
            assertThat(Thread.interrupted()).isTrue();
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> guest.files().stat("/")).isInstanceOf(InterruptedException.class);
            assertThat(guest.files().stat("/").type()).isEqualTo(FileInfo.Type.DIRECTORY);
        }
    }

    @Test
    void whenTheGuestDiesEverybodyHearsOfIt() throws Exception {
        GuestProcess process = guest.exec(shell("echo before; exec sleep 100").withInput());
        assertThat(process.stdout().readNBytes(7)).isEqualTo("before\n".getBytes(StandardCharsets.UTF_8));
        List<Thread> waiting = new ArrayList<>();
        List<AtomicReference<Throwable>> outcomes = new ArrayList<>();
        List<Waiting> waits = List.of(
                () -> process.stdout().read(),
                () -> process.stderr().transferTo(OutputStream.nullOutputStream()),
                () -> process.await(SOON),
                () -> process.stdin().write(new byte[3 << 20]));
        for (Waiting wait : waits) {
            AtomicReference<Throwable> outcome = new AtomicReference<>();
            outcomes.add(outcome);
            waiting.add(Thread.ofVirtual().start(() -> {
                try {
                    wait.run();
                } catch (IOException | InterruptedException | RuntimeException e) {
                    outcome.set(e);
                }
            }));
        }
        Eventually.holds(() -> waiting.stream()
                .allMatch(thread ->
                        thread.getState() == Thread.State.WAITING || thread.getState() == Thread.State.TIMED_WAITING));
        real.kill();
        guest.close();
        for (int i = 0; i < waiting.size(); i++) {
            assertThat(waiting.get(i).join(SOON)).isTrue();
            assertThat(outcomes.get(i).get()).isInstanceOf(Failure.class);
            assertThat(((Failure) outcomes.get(i).get()).code()).isEqualTo(ErrorCode.SANDBOX_GONE);
        }
        assertFailure(ErrorCode.SANDBOX_GONE, () -> guest.files().stat("/"));
    }

    @Test
    void shutdownEndsTheGuest() throws Exception {
        guest.exec(shell("exec sleep 100"));
        guest.shutdown(Duration.ofSeconds(2));
        assertThat(real.awaitExit()).isTrue();
    }

    @Test
    void manyChannelsAtATimeKeepTheirBytesApart() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Integer> good = java.util.Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 60; i++) {
            int id = i;
            threads.add(Thread.ofVirtual().start(() -> {
                if (copiesWhole(id)) {
                    good.add(id);
                }
            }));
        }
        for (Thread thread : threads) {
            assertThat(thread.join(SOON)).isTrue();
        }
        assertThat(good).hasSize(60);
    }

    private boolean copiesWhole(int id) {
        byte[] sent = new byte[20_000 * (id % 7 + 1)];
        new Random(id).nextBytes(sent);
        try {
            GuestProcess cat = guest.exec(shell("cat").withInput());
            Thread.ofVirtual().start(() -> writeAll(cat.stdin(), sent));
            return Arrays.equals(cat.stdout().readAllBytes(), sent)
                    && cat.await(SOON).orElseThrow().success();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @FunctionalInterface
    interface Waiting {
        void run() throws IOException, InterruptedException;
    }

    private static void assertFailure(ErrorCode code, Waiting action) {
        assertThatThrownBy(action::run).isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.code())
                .isEqualTo(code));
    }
}
