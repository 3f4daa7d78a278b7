package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.jobs.JobSandbox;
import dev.skerry.host.jobs.Language;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxEnd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CommandsTest {
    private final FakeHost host = new FakeHost();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private boolean root = true;

    private int skerry(String... arguments) {
        var context = new Context(
                (_, _) -> host,
                FakeServer.NONE,
                _ -> {},
                root,
                InputStream.nullInputStream(),
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("SKERRY_DATA", folder.toString()));
        return Main.execute(context, arguments);
    }

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private String words() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private JsonNode json() {
        return JsonMapper.shared().readTree(out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void whatFollowsTheFileBelongsToTheProgram() throws IOException {
        assertThat(skerry("run", "--memory", "64m", file("a.py", "print(1)"), "--memory", "1g", "--", "-x", "--help"))
                .isZero();
        assertThat(host.started.getFirst().words())
                .containsExactly("/usr/bin/python3", "/box/a.py", "--memory", "1g", "--", "-x", "--help");
        assertThat(host.created.getFirst().limits().memoryBytes()).isEqualTo(64 << 20);
        assertThat(host.files).containsEntry("/box/a.py", "print(1)");
        assertThat(host.closed).as("sandbox and host").isEqualTo(2);
    }

    @Test
    void wordsAfterDashesAreACommand() {
        assertThat(skerry("run", "--user", "root", "--", "ls", "-l", "--", "/")).isZero();
        assertThat(host.started.getFirst().words()).containsExactly("ls", "-l", "--", "/");
        assertThat(host.started.getFirst().user()).isEqualTo("root");
    }

    @Test
    void codeNeedsALanguageAndTakesArguments() {
        assertThat(skerry("run", "--lang", "python", "-c", "print(1)", "a", "-b"))
                .isZero();
        assertThat(host.started.getFirst().words()).containsExactly("/usr/bin/python3", "/box/main.py", "a", "-b");
        assertThat(skerry("run", "-c", "print(1)")).isEqualTo(2);
        assertThat(words()).contains("needs a language").contains("--lang python");
    }

    @Test
    void everyLimitReachesTheSandbox() {
        assertThat(skerry(
                        "run",
                        "--cpus",
                        "0.5",
                        "--pids",
                        "32",
                        "--disk",
                        "8m",
                        "--cpu-time",
                        "2s",
                        "--timeout",
                        "3s",
                        "--isolation",
                        "gvisor",
                        "--template",
                        "alpine",
                        "--id",
                        "job-1",
                        "--env",
                        "A=b=c",
                        "--env",
                        "E=",
                        "--workdir",
                        "/tmp",
                        "--",
                        "true"))
                .isZero();
        var spec = host.created.getFirst();
        assertThat(spec.limits().cpuMillis()).isEqualTo(500);
        assertThat(spec.limits().processes()).isEqualTo(32);
        assertThat(spec.limits().diskBytes()).isEqualTo(8 << 20);
        assertThat(spec.limits().cpuTime()).contains(Duration.ofSeconds(2));
        assertThat(spec.limits().wallTime())
                .hasValueSatisfying(time -> assertThat(time).isGreaterThan(Duration.ofSeconds(3)));
        assertThat(spec.floor()).isEqualTo(Isolation.GVISOR);
        assertThat(spec.template()).isEqualTo("alpine");
        assertThat(spec.name()).contains("job-1");
        var start = host.started.getFirst();
        assertThat(start.environment())
                .containsEntry("A", "b=c")
                .containsEntry("E", "")
                .containsEntry("PATH", "/usr/bin");
        assertThat(start.folder()).isEqualTo("/tmp");
        assertThat(start.limits().wall()).contains(Duration.ofSeconds(3));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "run|there is nothing to run",
                "run --|there is nothing to run",
                "run nosuch.py|there is no file 'nosuch.py'",
                "run /tmp|'/tmp' is a folder",
                "run --pids 99999999 -- true|pids must be from 8 to 4194304",
                "run --lang cobol -c x|'cobol' is not a language",
                "run --lang python -- true|--lang has no meaning",
                "run --network host -- true|'host' is not a network policy",
                "run --memory 1x -- true|'1x' is not a size",
                "run --memory 1m -- true|memory must be at least 16 MiB",
                "run --timeout 0 -- true|'0' is not a time above zero",
                "run --cpus many -- true|'many' is not a number of CPUs",
                "run --isolation fort -- true|'fort' is not an isolation level",
                "run --env HOME -- true|--env 'HOME' has no value",
                "run --workdir tmp -- true|--workdir 'tmp' is not an absolute path",
                "run --in /no/such -- true|there is no '/no/such'",
                "run --out /box/x -- true|names one path",
                "run --out x:/nowhere/at/all -- true|there is no folder '/nowhere/at'",
                "run --id Bad! -- true|'Bad!' is not a sandbox name",
                "run --memroy 1g|there is no option '--memroy'; the nearest one is '--memory'",
                "create --meta a=b|there is no option '--meta'; the nearest one is '--metadata'",
                "ps --jsno x|there is no option '--jsno'; the nearest one is '--json'",
                "ps word|'word' is one word too many",
                "runn|'runn' is not a command; the nearest one is 'run'",
                "serivce install|'serivce' is not a command; the nearest one is 'service'",
                "temp list|'temp' is not a command; the nearest one is 'template'",
                "keys lsit|'lsit' is not a command of 'keys'; the nearest one is 'list'",
                "keys frobnicate|'frobnicate' is not a command of 'keys', which has create, list, rm",
                "keys create|see './skerry keys create --help'",
                "kill|NAME",
                "template|a command is missing"
            })
    void aWrongCommandLineEndsWith2AndSaysWhatIsWrong(String line, String message) {
        assertThat(skerry(line.split(" ", -1))).isEqualTo(2);
        assertThat(words()).startsWith("skerry: ").contains(message).doesNotContain("\tat ", "dev.skerry");
        assertThat(out.size()).isZero();
        assertThat(host.started).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"frobnicate", "keys frobnicate", "x", "run --nosuch", "run --nonsense", "ps -x"})
    void whatIsFarFromEverythingIsNotGuessedAt(String line) {
        assertThat(skerry(line.split(" ", -1))).isEqualTo(2);
        assertThat(words())
                .containsPattern("there is no option|is not a command")
                .doesNotContain("nearest");
    }

    @ParameterizedTest
    @ValueSource(strings = {"run -- true", "shell", "template list", "doctor --clean"})
    void withoutRootTheHintIsToBecomeIt(String line) {
        root = false;
        assertThat(skerry(line.split(" ", -1))).isEqualTo(2);
        assertThat(words()).contains("must be root").contains("hint: sudo ./skerry " + line.replaceFirst(" --.*", ""));
    }

    @Test
    void withoutRootDoctorSaysWhatItCan() {
        root = false;
        assertThat(skerry("doctor")).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("kernel").contains("fix: sudo ./skerry doctor");
    }

    @Test
    void theHelpOfRunNamesEveryLanguage() {
        assertThat(skerry("run", "--help")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8).split("[ ,\n]+"))
                .contains(Arrays.stream(Language.values()).map(Language::label).toArray(String[]::new));
    }

    @Test
    void aFileWithoutKnownExtensionAsksForTheLanguage() throws IOException {
        assertThat(skerry("run", file("prog", "x"))).isEqualTo(2);
        assertThat(words()).contains("'prog' has no extension").contains("--lang");
        assertThat(skerry("run", "--lang", "bash", file("prog", "x"))).isZero();
    }

    @Test
    void aMissingToolchainNamesThePackage() throws IOException {
        assertThat(skerry("run", file("a.rb", "puts 1"))).isEqualTo(125);
        assertThat(words()).contains("cannot run ruby").contains("apt-get install -y --no-install-recommends ruby");
    }

    @Test
    void bytesPassThroughUnchanged() {
        host.stdout = new byte[] {0, (byte) 0xff, 13, 10, 27};
        host.stderr = new byte[] {(byte) 0x80, 0};
        host.exit = new JobSandbox.Exit(OptionalInt.of(7), OptionalInt.empty(), false, false);
        assertThat(skerry("run", "--", "x")).isEqualTo(7);
        assertThat(out.toByteArray()).isEqualTo(host.stdout);
        assertThat(err.toByteArray()).isEqualTo(host.stderr);
    }

    @Test
    void jsonIsOneObjectAndCarriesTheOutput() {
        host.stdout = "grün\n".getBytes(StandardCharsets.UTF_8);
        host.stderr = new byte[] {(byte) 0xff};
        host.exit = new JobSandbox.Exit(OptionalInt.of(3), OptionalInt.empty(), false, false);
        assertThat(skerry("run", "--json", "--lang", "python", "-c", "x")).isEqualTo(3);
        JsonNode result = json();
        assertThat(result.get("status").asString()).isEqualTo("runtime_error");
        assertThat(result.get("exit_code").asInt()).isEqualTo(3);
        assertThat(result.get("stdout").asString()).isEqualTo("grün\n");
        assertThat(result.get("stderr_base64").asString()).isEqualTo("/w==");
        assertThat(result.get("stdout_truncated").asBoolean()).isFalse();
        assertThat(result.get("memory_peak_bytes").asLong()).isEqualTo(2 << 20);
        assertThat(result.get("isolation").asString()).isEqualTo("container");
        assertThat(result.get("language").asString()).isEqualTo("python");
        assertThat(result.get("runtime").asString()).isEqualTo("/usr/bin/python3");
        assertThat(result.has("signal")).isFalse();
        assertThat(err.size()).isZero();
    }

    @Test
    void outputOverTheLimitIsCutAndMarked() {
        host.stdout = "0123456789".getBytes(StandardCharsets.UTF_8);
        assertThat(skerry("run", "--output-limit", "4", "--", "x")).isEqualTo(153);
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("0123");
        assertThat(words()).contains("--output-limit");
        out.reset();
        assertThat(skerry("run", "--json", "--output-limit", "4", "--", "x")).isEqualTo(153);
        assertThat(json().get("stdout_truncated").asBoolean()).isTrue();
        assertThat(json().get("status").asString()).isEqualTo("output_limit");
    }

    @Test
    void aFailureIsAnObjectToo() {
        assertThat(skerry("run", "--json", "--isolation", "microvm", "--", "x")).isEqualTo(125);
        assertThat(json().get("error").get("code").asString()).isEqualTo("UNSUPPORTED");
        assertThat(json().get("status").asString()).isEqualTo("sandbox_error");
    }

    @Test
    void aSandboxThatEndedUnderItsProgramSaysWhy() {
        host.end = Optional.of(new SandboxEnd(SandboxEnd.Cause.SHIM_LOST, "its shim died"));
        assertThat(skerry("run", "--", "x")).isEqualTo(125);
        assertThat(words()).contains("the sandbox ended before the program did: shim lost (its shim died)");
        assertThat(skerry("run", "--json", "--", "x")).isEqualTo(125);
        assertThat(json().get("status").asString()).isEqualTo("sandbox_error");
        assertThat(json().get("sandbox_end").asString()).isEqualTo("shim lost (its shim died)");
    }

    @Test
    void signalsTimeoutsAndCpuTimeHaveTheirExitCodes() {
        host.exit = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(11), false, false);
        assertThat(skerry("run", "--", "x")).isEqualTo(139);
        host.exit = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), true, false);
        assertThat(skerry("run", "--timeout", "1500ms", "--", "x")).isEqualTo(124);
        assertThat(words()).contains("it took longer than 1.5 s (--timeout)");
        host.exit = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), false, true);
        host.cpuOfAProgram = Duration.ofSeconds(2);
        assertThat(skerry("run", "--cpu-time", "2", "--", "x")).isEqualTo(152);
    }

    @Test
    void filesAreCopiedInAndOut() throws IOException {
        String data = file("data.txt", "abc");
        host.files.put("/box/result", "xyz");
        Path result = folder.resolve("result.txt");
        assertThat(skerry("run", "--in", data + ":/data/d.txt", "--out", "result:" + result, "--", "x"))
                .isZero();
        assertThat(host.files).containsKey("/data/*");
        assertThat(result).hasContent("xyz");
        assertThat(skerry("run", "--out", "missing:" + result, "--", "x")).isEqualTo(125);
        assertThat(words()).contains("the program left no '/box/missing'");
    }

    @Test
    void theSmallCommandsDoWhatTheySay() {
        assertThat(skerry("ps")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("web")
                .contains("crun 1.8.1")
                .contains("running");
        out.reset();
        assertThat(skerry("ps", "--json")).isZero();
        assertThat(json().get(0).get("controller_pid").asInt()).isEqualTo(42);
        assertThat(skerry("kill", "a", "b")).isZero();
        assertThat(skerry("template", "rm", "old")).isZero();
        assertThat(host.killed).containsExactly("a", "b", "template old");
        out.reset();
        assertThat(skerry("template", "import", "/x/alpine.tar")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("alpine sha256:1\n");
        assertThat(skerry("attach", "nobody")).isEqualTo(125);
        assertThat(words()).contains("no sandbox 'nobody'").contains("hint: 'skerry ps' lists them");
    }

    @Test
    void doctorShowsTheTrialAndTheLeftovers() {
        assertThat(skerry("doctor")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("works with crun 1.8.1")
                .contains("apt-get install -y --no-install-recommends runsc")
                .contains("./skerry doctor --clean");
        out.reset();
        assertThat(skerry("doctor", "--json", "--clean")).isZero();
        assertThat(json().get("removed").get(0).asString()).isEqualTo("a.1");
    }

    @Test
    void oneThatIsGoneKeepsNoOtherAlive() {
        assertThat(skerry("kill", "--local", "gone", "a", "b")).isEqualTo(125);
        assertThat(host.killed).containsExactly("a", "b");
        assertThat(words()).contains("no sandbox 'gone'");
    }

    @Test
    void everyCommandHasHelpAndIsInTheLaunchersHelp() throws IOException {
        String launcher = Files.readString(
                Path.of(Optional.ofNullable(System.getProperty("skerry.root")).orElse(".."))
                        .resolve("skerry"));
        var context = new Context(
                (_, _) -> host,
                FakeServer.NONE,
                _ -> {},
                true,
                InputStream.nullInputStream(),
                out,
                new PrintStream(err, true, StandardCharsets.UTF_8),
                Map.of("SKERRY_DATA", folder.toString()));
        for (String name : Main.commandLine(context).getSubcommands().keySet()) {
            assertThat(launcher).contains("./skerry " + name);
            if (!name.equals("bench")) {
                assertThat(skerry(name, "--help")).as(name).isZero();
            }
        }
        assertThat(List.of("build", "test", "package"))
                .allSatisfy(name -> assertThat(launcher).contains("./skerry " + name));
    }
}
