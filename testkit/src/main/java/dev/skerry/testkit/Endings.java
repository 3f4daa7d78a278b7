package dev.skerry.testkit;

import dev.skerry.host.drivers.Driver;
import dev.skerry.host.engine.Sandbox;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/** Attacks on what happens at the end and on operations of the host inside a hostile sandbox. */
final class Endings {
    private static final int SWAPS = 200;
    private static final Duration WALL = Duration.ofSeconds(4);
    /** For a host that has other things to do as well. */
    private static final Duration LATE_MAX = Duration.ofSeconds(5);

    private Endings() {}

    static void deadline(Arena arena) throws Exception {
        String marker = "linger-" + UUID.randomUUID();
        Sandbox sandbox = arena.sandbox(limits -> limits.withWallTime(WALL));
        arena.launch(sandbox, "user", "linger.py", List.of(marker));
        SandboxEnd end = sandbox.awaitEnd(WALL.plus(LATE_MAX))
                .orElseThrow(() -> new ClaimBroken("the deadline passed unnoticed"));
        ClaimBroken.unless(end.cause() == SandboxEnd.Cause.TIMED_OUT, "ended by " + end);
        ClaimBroken.unless(holders(marker).isEmpty(), "still there: " + holders(marker));
    }

    /** Processes of the host, zombies aside, that have the marker in their arguments. */
    private static List<String> holders(String marker) throws Exception {
        try (Stream<Path> entries = Files.list(Path.of("/proc"))) {
            return entries.filter(
                            entry -> entry.getFileName().toString().chars().allMatch(Character::isDigit))
                    .filter(entry -> {
                        try {
                            return Files.readString(entry.resolve("cmdline"), StandardCharsets.ISO_8859_1)
                                    .contains(marker);
                        } catch (java.io.IOException e) {
                            return false; // it has ended
                        }
                    })
                    .map(Path::toString)
                    .toList();
        }
    }

    static void nothingSurvives(Arena arena) throws Exception {
        Sandbox sandbox = arena.sandbox();
        arena.launch(sandbox, "user", "linger.py", List.of("survivor"));
        Arena.shell(sandbox, "root", "mkfifo /tmp/p; ln -s / /tmp/r; mkdir -p /tmp/a/b/c; echo x > /dev/shm/x");
        sandbox.guest()
                .exec(ExecRequest.of("/usr/bin/python3", "-m", "http.server", "8000")
                        .droppingOutput());
        sandbox.destroy();
        arena.assertNothingLeft();

        Sandbox frozen = arena.sandbox();
        arena.launch(frozen, "user", "linger.py", List.of("frozen"));
        try {
            frozen.pause();
        } catch (Failure e) {
            // A user-space kernel traces its tasks; one that waits for another cannot always be frozen, and is then
            // thawed again.
            ClaimBroken.unless(!arena.has(Driver.Feature.PAUSES_ALWAYS), "cannot be frozen: " + e.getMessage());
        }
        frozen.destroy();
        arena.assertNothingLeft();
    }

    /** While a user swaps a folder with a link to root's, the host works in it for that user. */
    static void links(Arena arena) throws Exception {
        Sandbox sandbox = arena.sandbox();
        Arena.shell(
                sandbox,
                "root",
                "mkdir /rooted && echo precious > /rooted/file && chmod 755 /rooted && chmod 644 /rooted/file");
        arena.launch(sandbox, "user", "swap.py", List.of("/home/user", "/rooted"));
        GuestFiles files = sandbox.guest().files().as("user");
        for (int i = 0; i < SWAPS; i++) {
            attempt(() -> files.write("/home/user/d/planted", new byte[] {1}, 0644));
            attempt(() -> files.write("/home/user/d/file", new byte[] {1}, 0644));
            attempt(() -> files.remove("/home/user/d/file", false));
            attempt(() -> files.makeFolder("/home/user/d/made", 0755));
            attempt(() -> files.permissions("/home/user/d/file", 0777));
            attempt(() -> files.remove("/home/user/d", true));
            attempt(() -> files.move("/home/user/d/planted", "/home/user/d/file", true));
        }
        String seen =
                Arena.shell(sandbox, "root", "ls -l /rooted; cat /rooted/file").stdout();
        ClaimBroken.unless(
                seen.contains("precious")
                        && seen.contains("-rw-r--r--")
                        && !seen.contains("planted")
                        && !seen.contains("made"),
                "root's folder was changed: " + seen);
    }

    @FunctionalInterface
    private interface Attempt {
        void make() throws Exception;
    }

    /** Most fail, since the folder is swapped under them; what matters is where the others went. */
    private static void attempt(Attempt attempt) throws Exception {
        try {
            attempt.make();
        } catch (Failure e) {
            if (e.code() == dev.skerry.wire.ErrorCode.SANDBOX_GONE) {
                throw e;
            }
        }
    }
}
