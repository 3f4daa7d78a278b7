package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.LaunchedClone.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    private static final String NO_JDK = "is not a JDK of version 25 or newer";
    private static final String INSTALL = "apt-get install -y --no-install-recommends ";
    /** Those of the build and of a run that are found by the PATH; the others are there wherever this test compiles. */
    private static final String MISSING = "gcc make maven crun";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @SuppressWarnings("NullAway.Init")
    private LaunchedClone clone;

    @BeforeEach
    void makeAClone() throws IOException {
        clone = LaunchedClone.in(folder);
    }

    private static void assertStopped(Result result, String... texts) {
        assertThat(result.err()).contains(texts).contains("hint: ");
        assertThat(result.out()).isEmpty();
        assertThat(result.code()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"JAVA_VERSION=\"24.0.2\"", "JAVA_VERSION=\"1.8.0_25\"", "IMAGE_TYPE=\"JDK\"", "JAVA_VERSION=\"new\""})
    void anotherVersionIsRefused(String release) throws Exception {
        clone.jdk("other", release + "\n");
        assertStopped(clone.skerryOn("other", "run", "x.py"), "SKERRY_JAVA_HOME=other " + NO_JDK);
    }

    @Test
    void aRuntimeWithoutCompilerIsRefused() throws Exception {
        Files.delete(folder.resolve("jdk/bin/javac"));
        assertStopped(clone.skerry("run", "x.py"), NO_JDK);
    }

    @Test
    void aFolderThatIsNotThereIsRefused() throws Exception {
        assertStopped(clone.skerryOn("/nowhere", "run", "x.py"), "SKERRY_JAVA_HOME=/nowhere " + NO_JDK);
    }

    @ParameterizedTest
    @CsvSource({"JAVA_VERSION=\"25\"", "JAVA_VERSION=\"25.0.1\"", "JAVA_VERSION=\"26-ea\"", "JAVA_VERSION=100"})
    void aJdkIsKnownByItsReleaseFileAndNamedInFull(String release) throws Exception {
        clone.jdk("other", "IMAGE_TYPE=\"JDK\"\n" + release);
        Result result = clone.skerryOn("other", "--java-home");
        assertThat(result.out()).isEqualTo(folder.toRealPath().resolve("other") + "\n");
        assertThat(result.code()).isZero();
    }

    @Test
    void withoutAptAllThatIsMissingIsNamedAtOnce() throws Exception {
        assertStopped(clone.skerry("run", "x.py"), "missing on this machine: " + MISSING + "\n", "Debian's names");
    }

    /** Else the JVM's first file takes its place: programs were given that of the JDK's own classes to read. */
    @ParameterizedTest
    @CsvSource({
        "<&-, /dev/null DIR/out DIR/err",
        ">&-, DIR/in /dev/null DIR/err",
        "2>&-, DIR/in DIR/out /dev/null",
        "<&- >&- 2>&-, /dev/null /dev/null /dev/null",
        "'', DIR/in DIR/out DIR/err"
    })
    void inThePlaceOfAClosedStreamIsNoOtherFile(String closed, String expected) throws Exception {
        clone.makeARelease(
                "for fd in 0 1 2; do file=$(readlink /proc/$$/fd/$fd); echo \"${file:-none}\" >>streams; done");
        Files.move(folder.resolve("skerry"), folder.resolve("launcher"));
        clone.program("skerry", "exec /bin/sh ./launcher \"$@\" " + closed);
        clone.skerry("version");
        assertThat(String.join(" ", Files.readAllLines(folder.resolve("streams"))))
                .isEqualTo(expected.replace("DIR", folder.toRealPath().toString()));
    }

    @Test
    void anotherUserThanRootIsToldTheCommand() throws Exception {
        clone.command("id", "echo 1000");
        clone.command("apt-get", "echo called >called");
        String hint = "hint: sudo apt-get update && sudo " + INSTALL;
        assertStopped(clone.skerry("run", "x.py"), hint + MISSING + "\n");
        assertStopped(clone.skerry("build"), hint + MISSING + "\n");
        assertThat(folder.resolve("called")).doesNotExist();
    }

    @Test
    void onlyWhatIsMissingIsNamed() throws Exception {
        clone.command("gcc", "exit 1");
        clone.command("mvn", "exit 1");
        assertStopped(clone.skerry("run", "x.py"), "missing on this machine: make crun\n");
        assertStopped(clone.skerry("version"), "missing on this machine: make\n");
    }

    @Test
    void aFailureOfAptIsShownWithItsWords() throws Exception {
        clone.command("flock", "exit 0");
        clone.command("apt-get", "cat >>\"$0.stdin\"; echo \"E: no network for $*\"; exit 100");
        Result result = clone.skerry("run", "x.py");
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
        clone.command("flock", "exit 0");
        clone.command("apt-get", """
            here=${0%/*}
            case "$*" in
                *update*) : >"$here/lists" ;;
                *) [ -e "$here/lists" ] || exit 100
                   echo "$@" >"$here/installed" ;;
            esac\
            """);
        clone.skerry("run", "x.py");
        assertThat(folder.resolve("bin/installed"))
                .content()
                .endsWith("install -y --no-install-recommends " + MISSING + "\n");
    }

    @Test
    void aCloneOfSomebodyElseIsNotBuilt() throws Exception {
        for (String name : List.of("gcc", "make", "mvn", "crun")) {
            clone.command(name, "exit 1");
        }
        Files.writeString(folder.resolve(".skerry"), "in the way");
        assertStopped(clone.skerry("run", "x.py"), "the build cannot be kept in " + folder.toRealPath() + "/.skerry");
    }

    @Test
    void inputOutputAndExitCodeAreTheProgramsOwn() throws Exception {
        clone.makeARelease("cat; for last; do :; done; echo \"last: $last\"; echo oops >&2; exit 7");
        assertThat(clone.skerry("run", "x.py", "two words"))
                .isEqualTo(new Result(7, "a line\nlast: two words\n", "oops\n"));
    }

    @Test
    void aReleaseNeedsNothingThatBuildsOne() throws Exception {
        clone.makeARelease("exit 0");
        Files.delete(folder.resolve("bin/crun"));
        assertStopped(clone.skerry("run", "x.py"), "missing on this machine: crun\n");
        assertThat(clone.skerry("ps").code()).isZero();
        for (String command : List.of("build", "test", "package")) {
            assertStopped(clone.skerry(command), "this is a release; '" + command + "' is for a clone");
        }
    }

    @Test
    void helpNeedsNoJdkAndNoPackage() throws Exception {
        Result result = clone.skerryOn("/nowhere", "help");
        assertThat(result.out()).contains("./skerry run FILE").contains("SKERRY_JAVA_HOME");
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
    }

    /** One of them wrote an archive when it was asked what it does, and one ran every test. */
    @ParameterizedTest
    @CsvSource({
        "build --help",
        "build -h",
        "test --help",
        "test -Dtest=X -h",
        "package --help",
        "service --help",
        "service -h",
        "service install --help",
        "service logs -h"
    })
    void itsOwnWordsHaveHelpToo(String line) throws Exception {
        Result result = clone.skerryOn("/nowhere", line.split(" ", -1));
        assertThat(result.out()).startsWith("Usage: ./skerry " + line.split(" ", -1)[0]);
        assertThat(result.err()).isEmpty();
        assertThat(result.code()).isZero();
    }
}
