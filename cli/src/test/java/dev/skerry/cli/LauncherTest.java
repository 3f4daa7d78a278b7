package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What the launcher says and does before there is a program to start. It runs as a copy in a folder of its own, with a
 * PATH of its own, in which the commands that it looks for are missing or stand-ins. {@code .ci/fresh-root} shows the
 * same, and the rest, on a fresh Debian.
 */
class LauncherTest {
    private static final List<String> SYSTEM =
            List.of("cat", "cut", "find", "flock", "mkdir", "readlink", "sed", "tail", "uname");
    private static final String NO_JDK = "is not a JDK of version 25 or newer";
    private static final String INSTALL = "apt-get install -y --no-install-recommends ";
    /** Those of the build and of a run that are found by the PATH; the others are there wherever this test compiles. */
    private static final String MISSING = "gcc make maven crun";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private record Result(int code, String out, String err) {}

    @BeforeEach
    void makeAClone() throws IOException {
        Files.copy(Shipped.ROOT.resolve("skerry"), folder.resolve("skerry"));
        for (String command : SYSTEM) {
            command(command, "exec /usr/bin/" + command + " \"$@\"");
        }
        command("id", "echo 0");
        jdk("jdk", "JAVA_VERSION=\"25.0.1\"\n");
    }

    /** Puts a stand-in into the PATH. */
    private void command(String name, String script) throws IOException {
        program(folder.resolve("bin").resolve(name), script);
    }

    private static void program(Path file, String script) throws IOException {
        Files.createDirectories(file.resolveSibling(""));
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void jdk(String name, String release) throws IOException {
        program(folder.resolve(name).resolve("bin/javac"), "exit 1");
        Files.writeString(folder.resolve(name).resolve("release"), release);
    }

    /** A release, with a stand-in for Java. */
    private void makeARelease(String java) throws IOException {
        program(folder.resolve("runtime/bin/java"), java);
        Files.createDirectories(folder.resolve("dist/lib"));
        command("crun", "exit 1");
    }

    private Result skerry(String... arguments) throws IOException, InterruptedException {
        return skerryOn("jdk", arguments);
    }

    private Result skerryOn(String jdk, String... arguments) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("/bin/sh", "skerry"));
        words.addAll(List.of(arguments));
        Path in = Files.writeString(folder.resolve("in"), "a line\n");
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        var builder = new ProcessBuilder(words)
                .directory(folder.toFile())
                .redirectInput(in.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", folder.resolve("bin").toString());
        builder.environment().put("SKERRY_JAVA_HOME", jdk);
        Process process = builder.start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        } finally {
            process.destroyForcibly().waitFor();
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }

    private static void assertStopped(Result result, String... texts) {
        assertThat(result.err()).contains(texts).contains("hint: ");
        assertThat(result.out()).isEmpty();
        assertThat(result.code()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"JAVA_VERSION=\"24.0.2\"", "JAVA_VERSION=\"1.8.0_25\"", "IMAGE_TYPE=\"JDK\"", "JAVA_VERSION=\"new\""})
    void anotherVersionIsRefused(String release) throws Exception {
        jdk("other", release + "\n");
        assertStopped(skerryOn("other", "run", "x.py"), "SKERRY_JAVA_HOME=other " + NO_JDK);
    }

    @Test
    void aRuntimeWithoutCompilerIsRefused() throws Exception {
        Files.delete(folder.resolve("jdk/bin/javac"));
        assertStopped(skerry("run", "x.py"), NO_JDK);
    }

    @Test
    void aFolderThatIsNotThereIsRefused() throws Exception {
        assertStopped(skerryOn("/nowhere", "run", "x.py"), "SKERRY_JAVA_HOME=/nowhere " + NO_JDK);
    }

    @ParameterizedTest
    @CsvSource({"JAVA_VERSION=\"25\"", "JAVA_VERSION=\"25.0.1\"", "JAVA_VERSION=\"26-ea\"", "JAVA_VERSION=100"})
    void aJdkIsKnownByItsReleaseFileAndNamedInFull(String release) throws Exception {
        jdk("other", "IMAGE_TYPE=\"JDK\"\n" + release);
        Result result = skerryOn("other", "--java-home");
        assertThat(result.out()).isEqualTo(folder.toRealPath().resolve("other") + "\n");
        assertThat(result.code()).isZero();
    }

    @Test
    void withoutAptAllThatIsMissingIsNamedAtOnce() throws Exception {
        assertStopped(skerry("run", "x.py"), "missing on this machine: " + MISSING + "\n", "Debian's names");
    }

    @Test
    void anotherUserThanRootIsToldTheCommand() throws Exception {
        command("id", "echo 1000");
        command("apt-get", "echo called >called");
        String hint = "hint: sudo apt-get update && sudo " + INSTALL;
        assertStopped(skerry("run", "x.py"), hint + MISSING + "\n");
        assertStopped(skerry("build"), hint + MISSING + "\n");
        assertThat(folder.resolve("called")).doesNotExist();
    }

    @Test
    void onlyWhatIsMissingIsNamed() throws Exception {
        command("gcc", "exit 1");
        command("mvn", "exit 1");
        assertStopped(skerry("run", "x.py"), "missing on this machine: make crun\n");
        assertStopped(skerry("version"), "missing on this machine: make\n");
    }

    @Test
    void aFailureOfAptIsShownWithItsWords() throws Exception {
        command("flock", "exit 0");
        command("apt-get", "cat >>\"$0.stdin\"; echo \"E: no network for $*\"; exit 100");
        Result result = skerry("run", "x.py");
        assertStopped(
                result,
                "skerry: installing gcc: compiles guestd, process 1 of every sandbox\n",
                "skerry: installing crun: starts sandboxes of level container\n",
                "E: no network for -q",
                "skerry: apt-get could not install: " + MISSING + "\n",
                "hint: apt-get update && " + INSTALL + MISSING + "\n");
        assertThat(folder.resolve("bin/apt-get.stdin"))
                .as("standard input is the program's")
                .isEmptyFile();
    }

    @Test
    void listsThatAreMissingAreFetched() throws Exception {
        command("flock", "exit 0");
        command("apt-get", """
                here=${0%/*}
                case "$*" in
                    *update*) : >"$here/lists" ;;
                    *) [ -e "$here/lists" ] || exit 100
                       echo "$@" >"$here/installed" ;;
                esac""");
        skerry("run", "x.py");
        assertThat(folder.resolve("bin/installed"))
                .content()
                .endsWith("install -y --no-install-recommends " + MISSING + "\n");
    }

    @Test
    void aCloneOfSomebodyElseIsNotBuilt() throws Exception {
        for (String name : List.of("gcc", "make", "mvn", "crun")) {
            command(name, "exit 1");
        }
        Files.writeString(folder.resolve(".skerry"), "in the way");
        assertStopped(skerry("run", "x.py"), "the build cannot be kept in " + folder.toRealPath() + "/.skerry");
    }

    @Test
    void inputOutputAndExitCodeAreTheProgramsOwn() throws Exception {
        makeARelease("cat; for last; do :; done; echo \"last: $last\"; echo oops >&2; exit 7");
        assertThat(skerry("run", "x.py", "two words")).isEqualTo(new Result(7, "a line\nlast: two words\n", "oops\n"));
    }

    @Test
    void aReleaseNeedsNothingThatBuildsOne() throws Exception {
        makeARelease("exit 0");
        Files.delete(folder.resolve("bin/crun"));
        assertStopped(skerry("run", "x.py"), "missing on this machine: crun\n");
        assertThat(skerry("ps").code()).isZero();
        for (String command : List.of("build", "test", "package")) {
            assertStopped(skerry(command), "this is a release; '" + command + "' is for a clone");
        }
    }

    @Test
    void helpNeedsNoJdkAndNoPackage() throws Exception {
        Result result = skerryOn("/nowhere", "help");
        assertThat(result.out()).contains("./skerry run FILE").contains("SKERRY_JAVA_HOME");
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
    }
}
