package dev.skerry.host.uids;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UidRangesTest {
    @TempDir
    Path folder;

    @Test
    void aClaimIsWithinTheAreaAndStaysTheSameUntilReleased() {
        var ranges = UidRanges.open(folder);
        var range = ranges.claim("i/a.1");
        assertThat(range.first()).isBetween(0x70000000, 0x7ffd0000);
        assertThat(range.first() % UidRanges.Range.COUNT).isZero();
        assertThat(ranges.claim("i/a.1")).isEqualTo(range);
        assertThat(UidRanges.open(folder).claims()).containsExactly(Map.entry("i/a.1", range));
        ranges.release("i/a.1");
        ranges.release("i/a.1");
        assertThat(ranges.claims()).isEmpty();
    }

    @Test
    void idsOfUsersAndSubordinateRangesAreAvoided() throws IOException {
        var etc = Files.createDirectory(folder.resolve("etc"));
        // Everything but the slots at 0x70030000 and 0x70050000: one user, one group of a user, two ranges that overlap
        // slots in part.
        Files.writeString(etc.resolve("subuid"), "a:100000:65536\nb:" + 0x70060000L + ":" + 0x10000000L + "\n+::\n");
        Files.writeString(etc.resolve("subgid"), "a:" + 0x6fffff00L + ":" + 0x20101L + "\n");
        Files.writeString(etc.resolve("passwd"), "root:x:0:0::/:/bin/sh\nx:x:" + 0x70045678L + ":5::/:\n");
        Files.writeString(etc.resolve("group"), "staff:x:" + 0x70020001L + ":\n");
        var ranges = UidRanges.open(folder.resolve("claims"), UsedIds.in(etc));
        assertThat(Stream.of("a", "b").map(ranges::claim).map(UidRanges.Range::first))
                .containsExactlyInAnyOrder(0x70030000, 0x70050000);
        assertThatThrownBy(() -> ranges.claim("c"))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.NO_CAPACITY));
    }

    /** All but those of somebody else in the middle, because each is looked for among the others. */
    @Test
    void everyRangeIsHandedOutOnceAndThenNoneIsLeft() {
        long others = 3900;
        var used = new UsedIds(0x70000000L + 100 * UidRanges.Range.COUNT, others * UidRanges.Range.COUNT);
        var ranges = UidRanges.open(folder, List.of(used));
        var claimed = IntStream.range(0, 194)
                .mapToObj(i -> ranges.claim("i/s" + i + ".1"))
                .toList();
        assertThat(claimed)
                .doesNotHaveDuplicates()
                .contains(new UidRanges.Range(0x70000000), new UidRanges.Range(0x7ffd0000));
        assertThatThrownBy(() -> ranges.claim("i/more.1")).hasMessageContaining("all 194 ranges");
        assertThat(ranges.claims()).hasSize(194);
        ranges.release("i/s17.1");
        assertThat(ranges.claim("i/more.1")).isEqualTo(claimed.get(17));
    }

    @Test
    void whatAKilledProcessLeftHalfDoneIsPutRight() throws IOException {
        var ranges = UidRanges.open(folder);
        var range = ranges.claim("i/a.1");
        var claim = find("ranges").resolve(Integer.toHexString(range.first()));
        // Killed after writing the owner, before the claim; or while releasing.
        Files.delete(claim);
        assertThat(ranges.claims()).isEmpty();
        // The range may have gone to another owner since.
        Files.createSymbolicLink(claim, Path.of("i/b.1"));
        assertThat(ranges.claim("i/a.1")).isNotEqualTo(range);
        ranges.release("i/a.1");
        assertThat(ranges.claims()).containsOnlyKeys("i/b.1");
    }

    @Test
    void aReleaseDoesNotTouchAnotherOwnersRange() throws IOException {
        var ranges = UidRanges.open(folder);
        var range = ranges.claim("i/a.1");
        var claim = find("ranges").resolve(Integer.toHexString(range.first()));
        Files.delete(claim);
        Files.createSymbolicLink(claim, Path.of("i/b.1"));
        ranges.release("i/a.1");
        assertThat(ranges.claims()).containsOnlyKeys("i/b.1");
    }

    @Test
    void claimsOfAnEarlierBootAreNoClaims() throws IOException {
        UidRanges.open(folder).claim("i/a.1");
        Files.move(find("ranges").getParent(), folder.resolve("00000000-0000-4000-8000-000000000000"));
        assertThat(UidRanges.open(folder).claims()).isEmpty();
    }

    @Test
    void threadsAndProcessesNeverShareARange() throws Exception {
        int processes = 2;
        int perProcess = 200;
        var started = new ArrayList<Process>();
        for (int i = 0; i < processes; i++) {
            started.add(claimInAProcess("p" + i, perProcess));
        }
        var ranges = UidRanges.open(folder);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var tasks = IntStream.range(0, perProcess)
                    .<Callable<Object>>mapToObj(i -> Executors.callable(() -> churn(ranges, "t/s" + i + ".1")))
                    .toList();
            for (var task : threads.invokeAll(tasks)) {
                task.get();
            }
        }
        for (var process : started) {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }
        var claims = ranges.claims();
        assertThat(claims).hasSize((processes + 1) * perProcess);
        assertThat(claims.values()).doesNotHaveDuplicates();
    }

    @Test
    void aProcessKilledWhileClaimingLeavesNoLockAndNoDoubleClaim() throws Exception {
        var process = claimInAProcess("p", 4000);
        var ranges = UidRanges.open(folder);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (ranges.claims().size() < 20) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
        }
        process.destroyForcibly().waitFor();
        int before = ranges.claims().size();
        for (int i = 0; i < 200; i++) {
            ranges.claim("mine/s" + i + ".1");
        }
        assertThat(ranges.claims()).hasSize(before + 200);
        assertThat(ranges.claims().values()).doesNotHaveDuplicates();
    }

    @Test
    void aLockHeldElsewhereIsNotWaitedForForever() throws Exception {
        var file = folder.resolve("lock");
        var holder = new ProcessBuilder(
                        "/usr/bin/python3",
                        "-c",
                        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
                                + " print('held', flush=True); sys.stdin.read()",
                        file.toString())
                .start();
        try (var output = holder.inputReader()) {
            assertThat(output.readLine()).isEqualTo("held");
            var lock = new ClaimLock(file, Duration.ofMillis(50));
            assertThatThrownBy(() -> lock.holding(() -> "never"))
                    .isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.code())
                            .isEqualTo(ErrorCode.DEADLINE_EXCEEDED));
            // A killed holder leaves no lock behind.
            holder.destroyForcibly().waitFor();
            assertThat(lock.<String>holding(() -> "now")).isEqualTo("now");
        } finally {
            holder.destroyForcibly();
        }
    }

    @Test
    void anInterruptedThreadCanStillReleaseItsRange() {
        var ranges = UidRanges.open(folder);
        Thread.currentThread().interrupt();
        ranges.claim("i/a.1");
        ranges.release("i/a.1");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(ranges.claims()).isEmpty();
    }

    @Test
    void ownersThatAreNoNamesAreRefused() {
        var ranges = UidRanges.open(folder);
        for (var bad : List.of("", "..//", "a//b", "/a", "a b", "a+b", "a\n")) {
            assertThatThrownBy(() -> ranges.claim(bad)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static void churn(UidRanges ranges, String owner) {
        ranges.claim(owner);
        ranges.release(owner);
        ranges.claim(owner);
    }

    /** Another process doing the same: {@code main} below. */
    private Process claimInAProcess(String instance, int count) throws IOException {
        var classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        classPath,
                        UidRangesTest.class.getName(),
                        folder.toString(),
                        instance,
                        Integer.toString(count))
                .inheritIO()
                .start();
    }

    public static void main(String[] arguments) {
        var ranges = UidRanges.open(Path.of(arguments[0]));
        for (int i = 0; i < Integer.parseInt(arguments[2]); i++) {
            churn(ranges, arguments[1] + "/s" + i + ".1");
        }
    }

    private Path find(String name) throws IOException {
        try (var paths = Files.walk(folder)) {
            return paths.filter(path -> path.endsWith(name)).findFirst().orElseThrow();
        }
    }
}
