package dev.skerry.cli;

import static dev.skerry.cli.Shipped.skerry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.Shipped.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@ExtendWith(NoSandboxLeft.class)
class RunIT {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private static JsonNode json(Result result) {
        return JsonMapper.shared().readTree(result.out());
    }

    @ParameterizedTest
    @CsvSource({"container", "gvisor"})
    void bytesPassThroughUnchangedInBothDirections(String level) {
        byte[] bytes = new byte[3_000_000];
        new Random(7).nextBytes(bytes);
        Result result = skerry(bytes, "run", "--isolation", level, "--", "cat");
        assertThat(result.code()).isZero();
        assertThat(result.stdout()).isEqualTo(bytes);
        assertThat(result.err()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "exit 7|7|",
                "kill -SEGV $$|139|killed by signal 11",
                "kill -KILL $$|137|killed by signal 9",
                "exit 124|124|"
            })
    void theExitCodeIsThePrograms(String script, int code, String words) {
        Result result = skerry("run", "--lang", "bash", "-c", script);
        assertThat(result.code()).isEqualTo(code);
        assertThat(result.err()).contains(words == null ? "" : words);
    }

    @Test
    void aCommandThatIsNotThereEndsAsInAShell() {
        assertThat(skerry("run", "--", "no-such-command").code()).isEqualTo(127);
        Result denied = skerry("run", "--", "/etc/passwd");
        assertThat(denied.code()).isEqualTo(126);
        assertThat(denied.err()).contains("/etc/passwd");
    }

    @Test
    void limitsEndTheProgramAndSayWhich() {
        Result slow = skerry("run", "--timeout", "1500ms", "--lang", "bash", "-c", "sleep 60 & sleep 60");
        assertThat(slow.code()).isEqualTo(124);
        assertThat(slow.err()).contains("it took longer than 1.5 s (--timeout)");
        Result busy = skerry("run", "--cpu-time", "1s", "--lang", "python", "-c", "while True: pass");
        assertThat(busy.code()).isEqualTo(152);
        Result fat = skerry("run", "--memory", "64m", "--lang", "python", "-c", "b = bytearray(10**9)");
        assertThat(fat.code()).isEqualTo(137);
        assertThat(fat.err()).contains("out of memory").contains("(--memory)");
        Result loud = skerry("run", "--output-limit", "100k", "--", "yes");
        assertThat(loud.code()).isEqualTo(153);
        assertThat(loud.stdout()).hasSize(100 << 10);
        assertThat(loud.err()).contains("(--output-limit)");
        Result wide = skerry(
                "run",
                "--disk",
                "4m",
                "--lang",
                "bash",
                "-c",
                "cd /box; for f in a b; do head -c 3M /dev/zero > $f; done");
        assertThat(wide.code()).isEqualTo(1);
        assertThat(wide.err()).contains("No space left on device");
    }

    @Test
    void jsonTellsWhatHappened() {
        JsonNode result = json(skerry("run", "--json", "--lang", "bash", "-c", "echo hi; echo oops >&2; exit 5"));
        assertThat(result.get("status").asString()).isEqualTo("runtime_error");
        assertThat(result.get("exit_code").asInt()).isEqualTo(5);
        assertThat(result.get("stdout").asString()).isEqualTo("hi\n");
        assertThat(result.get("stderr").asString()).isEqualTo("oops\n");
        assertThat(result.get("isolation").asString()).isEqualTo("container");
        assertThat(result.get("driver").asString()).isEqualTo("own launcher");
        assertThat(result.get("template_digest").asString()).matches("sha256:[0-9a-f]{64}");
        assertThat(result.get("memory_peak_bytes").asLong()).isPositive();
        assertThat(result.get("wall_ms").asDouble()).isPositive();
        JsonNode killed = json(skerry("run", "--json", "--timeout", "1", "--", "sleep", "60"));
        assertThat(killed.get("status").asString()).isEqualTo("timed_out");
        JsonNode other = json(skerry("run", "--json", "--launcher", "crun", "--", "true"));
        assertThat(other.get("driver").asString()).startsWith("crun ");
        assertThat(other.get("status").asString()).isEqualTo("ok");
        JsonNode strong = json(skerry("run", "--json", "--isolation", "gvisor", "--", "true"));
        assertThat(strong.get("isolation").asString()).isEqualTo("gvisor");
        assertThat(strong.get("status").asString()).isEqualTo("ok");
    }

    @Test
    void filesGoInAndComeOutWithoutLinks() throws IOException {
        Files.createDirectories(folder.resolve("in/sub"));
        file("in/sub/data", "secret sauce");
        Path out = folder.resolve("out");
        Result result = skerry(
                "run",
                "--in",
                folder.resolve("in") + ":/data/in",
                "--out",
                "result:" + out,
                "--out",
                "/box/one.txt:" + folder.resolve("one.txt"),
                "--lang",
                "bash",
                "-c",
                "mkdir result; cp /data/in/sub/data result/; ln -s /etc/shadow result/link; echo 1 > one.txt");
        assertThat(result.code()).isZero();
        assertThat(result.err()).contains("1 links or special files were left out");
        assertThat(out.resolve("data")).hasContent("secret sauce");
        assertThat(Files.exists(out.resolve("link"), LinkOption.NOFOLLOW_LINKS)).isFalse();
        assertThat(folder.resolve("one.txt")).hasContent("1");
    }

    @Test
    void aPlantedLinkIsNotFollowedOnTheWayOut() {
        Result result = skerry(
                "run", "--out", "/box/x:" + folder.resolve("x"), "--lang", "bash", "-c", "ln -s /etc/passwd /box/x");
        assertThat(result.code()).isEqualTo(125);
        assertThat(result.err()).contains("is a link or a special file");
        assertThat(folder.resolve("x")).doesNotExist();
    }

    @Test
    void theProgramSeesNothingOfThisShell() {
        Result result = skerry(
                "run", "--env", "MINE=1", "--workdir", "/tmp", "--lang", "bash", "-c", "env; pwd; id -un; hostname");
        assertThat(result.out()).contains("MINE=1\n").contains("/tmp\n").contains("\nuser\n");
        assertThat(result.out()).doesNotContain("SKERRY").doesNotContain("JAVA");
    }

    @Test
    void whoReadsNoFurtherEndsTheProgram() {
        try (Shipped head = Shipped.startProgram(
                java.util.List.of("/bin/sh", "-c", Shipped.ROOT.resolve("skerry") + " run -- yes | head -n 2"))) {
            head.endInput();
            Result result = head.await();
            assertThat(result.out()).isEqualTo("y\ny\n");
        }
    }

    @Test
    void wrongCommandLinesEndWith2() {
        Result result = skerry("run", "--memory", "lots", "--", "true");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("'lots' is not a size").contains("hint: see './skerry run --help'");
        assertThat(skerry("run", "--id", "UPPER", "--", "true").code()).isEqualTo(2);
        assertThat(skerry("run", "--template", "nosuch", "--", "true").err()).contains("no template 'nosuch'");
    }

    @Test
    void aProgramThatReadsNoInputDoesNotWaitForIt() {
        try (Shipped running = Shipped.start("run", "--", "echo", "done")) {
            Result result = running.await(); // input is still open
            assertThat(result.out()).isEqualTo("done\n");
            assertThat(result.code()).isZero();
        }
    }

    @Test
    void inputArrivesAsItIsTyped() {
        try (Shipped running =
                Shipped.start("run", "--lang", "python", "-c", "while True: print(input()[::-1], flush=True)")) {
            running.type("abc\n");
            running.awaitOutput("cba");
            running.type("def\n");
            running.awaitOutput("fed");
            running.endInput();
            assertThat(running.await().err()).contains("EOFError");
        }
    }

    @Test
    void outputIsNotEvenReadAsText() {
        Result result = skerry("run", "--lang", "bash", "-c", "printf '\\033[31m\\000\\377'");
        assertThat(result.stdout()).isEqualTo(new byte[] {27, '[', '3', '1', 'm', 0, (byte) 0xff});
        assertThat(new String(result.stdout(), StandardCharsets.ISO_8859_1)).hasSize(7);
    }

    @Test
    void whatTheTemplateLacksIsNamed() {
        Result folder = skerry("run", "--workdir", "/nope", "--", "true");
        assertThat(folder.code()).isEqualTo(2);
        assertThat(folder.err())
                .contains("the working folder '/nope' does not exist")
                .contains("hint: ");
        Result user = skerry("run", "--user", "nobodyx", "--", "true");
        assertThat(user.code()).isEqualTo(2);
        assertThat(user.err()).contains("has no user 'nobodyx'").contains("hint: ");
    }

    @Test
    void whatTheUserMayNotReadIsNotCopiedOut() {
        String script = "ln -s /proc/1 /box/d";
        Result result = skerry("run", "--out", "d/maps:" + folder.resolve("maps"), "--lang", "bash", "-c", script);
        assertThat(result.code()).isEqualTo(125);
        assertThat(folder.resolve("maps")).doesNotExist();
    }

    @Test
    void aFileIsCopiedInWhereOnlyRootMayWrite() throws IOException {
        Path file = Files.writeString(folder.resolve("data"), "content\n");
        Result result = skerry("run", "--in", file + ":/etc/data", "--", "cat", "/etc/data");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isEqualTo("content\n");
    }

    @Test
    void jsonStaysOneObjectWhenAFileCannotBeCopiedOut() {
        Result result = skerry("run", "--json", "--out", "/box/none:" + folder.resolve("none"), "--", "true");
        assertThat(result.code()).isEqualTo(125);
        assertThat(result.out().lines()).hasSize(1);
        assertThat(result.out()).contains("left no '/box/none'");
    }
}
