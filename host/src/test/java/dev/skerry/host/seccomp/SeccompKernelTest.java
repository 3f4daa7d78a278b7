package dev.skerry.host.seccomp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The filter in the running kernel. {@code probe.c} asks it call by call, without making any of the calls. */
class SeccompKernelTest {
    private static final int ALLOWED = 500;

    /**
     * uretprobe and uprobe: kernels that have them (6.11, 6.18) let them past every filter, because the kernel itself
     * puts them into traced programs, and refuse them from anywhere else (seccomp_uprobe_exception in
     * kernel/seccomp.c).
     */
    private static final Set<Long> PAST_EVERY_FILTER = Arch.host() == Arch.X86_64 ? Set.of(335L, 336L) : Set.of();

    private static final long X32_BIT = 0x40000000;
    private static final long[] VALUES = {
        0,
        1,
        2,
        3,
        10,
        11,
        16,
        17,
        38,
        40,
        0x5411,
        0x5412,
        0x541c,
        0x3d0f00,
        0x01200011,
        0x20011,
        0x10000011,
        0x40000011,
        0x20008,
        0x40000,
        0xffffffffL,
        0x1_0000_5412L,
        0x1_0000_0001L
    };

    private final SeccompProfile profile = SeccompProfile.load(Arch.host());

    @TempDir
    Path folder;

    private record Call(char entry, long number, long a0, long a1) {
        String line() {
            return entry + " " + number + " " + Long.toUnsignedString(a0) + " " + Long.toUnsignedString(a1) + " 0\n";
        }
    }

    @BeforeEach
    void compileTheProbe() throws Exception {
        try (var source = getClass().getResourceAsStream("probe.c")) {
            Files.copy(Objects.requireNonNull(source), folder.resolve("probe.c"));
        }
        Files.write(folder.resolve("filter"), profile.compile());
        var output = run("", "gcc", "-O1", "-Wall", "-o", path("probe"), path("probe.c"));
        assertThat(output).as("needs a compiler: apt-get install gcc libc6-dev").isEmpty();
    }

    @Test
    void theKernelAnswersWhatTheListSays() throws Exception {
        var calls = new ArrayList<Call>();
        for (long number : IntStream.concat(IntStream.rangeClosed(0, 500), IntStream.of(1000, -2))
                .mapToLong(Integer::toUnsignedLong)
                .filter(number -> !PAST_EVERY_FILTER.contains(number))
                .toArray()) {
            for (long value : VALUES) {
                calls.add(new Call('n', number, value, 0));
                calls.add(new Call('n', number, 0, value));
            }
        }
        var answers = ask(calls);
        for (int i = 0; i < calls.size(); i++) {
            var call = calls.get(i);
            var verdict = profile.rule((int) call.number()).verdict(call.a0(), call.a1(), 0, 0, 0, 0);
            assertThat(answers.get(i)).as(call.toString()).isEqualTo(verdict.errno() == 0 ? ALLOWED : verdict.errno());
        }
    }

    @Test
    void theOldEntriesOfferNothing() throws Exception {
        var calls = new ArrayList<Call>();
        for (long number = 0; number <= 500; number++) {
            calls.add(new Call('n', number | X32_BIT, 0, 0));
            calls.add(new Call('i', number, 0, 0));
        }
        assertThat(ask(calls)).containsOnly(Ruling.ENOSYS.errno());
    }

    @Test
    void ordinaryProgramsRunAndNamespacesAreRefused() throws Exception {
        var script = """
            import ctypes, multiprocessing, os, socket, subprocess, tempfile, threading, time
            t = threading.Thread(target=time.sleep, args=(0.001,)); t.start(); t.join()
            assert subprocess.check_output(['/bin/sh', '-c', 'echo a | cat']) == b'a\\n'
            p = multiprocessing.Process(target=len, args=('x',)); p.start(); p.join(); assert p.exitcode == 0
            a, b = socket.socketpair(); a.send(b'x'); assert b.recv(1) == b'x'
            s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())
            with tempfile.TemporaryDirectory() as d: os.mkfifo(d + '/f'); os.symlink('f', d + '/l')
            for family in (38, 40, 15, 16, 17):
                try: socket.socket(family, socket.SOCK_RAW); raise SystemExit('family %d' % family)
                except OSError as e: assert e.errno == 97, e
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.unshare(0x10000000) == -1 and ctypes.get_errno() == 1
            assert libc.prctl(22, 2, 0) == -1 and ctypes.get_errno() == 1
            socket.socket(socket.AF_INET6).setsockopt(41, 26, 1)  # IPV6_V6ONLY has the number of SO_ATTACH_FILTER
            try: s.setsockopt(1, 26, bytes(16)); raise SystemExit('a socket takes a filter')
            except PermissionError: pass
            print('done')
            """;
        assertThat(underTheFilter("/usr/bin/python3", "-c", script)).isEqualTo("done\n");
        assertThat(underTheFilter("unshare", "--user", "true")).contains("Operation not permitted");
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        assertThat(underTheFilter(java, "-version")).contains("Server VM");
        assertThat(underTheFilter("gcc", "-o", path("probe2"), path("probe.c"))).isEmpty();
    }

    private List<Integer> ask(List<Call> calls) throws Exception {
        var input = new StringBuilder();
        calls.forEach(call -> input.append(call.line()));
        var answers = run(input.toString(), path("probe"), path("filter"))
                .lines()
                .map(Integer::valueOf)
                .toList();
        assertThat(answers).hasSameSizeAs(calls);
        return answers;
    }

    private String underTheFilter(String... command) throws Exception {
        var whole = new ArrayList<>(List.of(path("probe"), path("filter")));
        whole.addAll(List.of(command));
        return run("", whole.toArray(String[]::new));
    }

    private String run(String input, String... command) throws IOException, InterruptedException {
        var in = Files.writeString(Files.createTempFile(folder, "in", ""), input);
        var out = Files.createTempFile(folder, "out", "");
        var process = new ProcessBuilder(command)
                .redirectInput(in.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as(List.of(command).toString())
                    .isTrue();
            return Files.readString(out, StandardCharsets.UTF_8);
        } finally {
            process.destroyForcibly();
        }
    }

    private String path(String name) {
        return folder.resolve(name).toString();
    }
}
