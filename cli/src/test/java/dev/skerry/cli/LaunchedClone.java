package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A copy of the launcher in a folder of its own, with a PATH of its own, in which the commands that it looks for are
 * missing or stand-ins.
 *
 * @param environment beside the PATH and the JDK
 */
record LaunchedClone(Path folder, Map<String, String> environment) {
    private static final List<String> SYSTEM =
            List.of("cat", "cut", "find", "flock", "mkdir", "mv", "readlink", "rm", "sed", "tail", "uname");

    record Result(int code, String out, String err) {}

    /** With one JDK, which cannot compile, and the user root. */
    static LaunchedClone in(Path folder) throws IOException {
        return in(folder, Map.of());
    }

    static LaunchedClone in(Path folder, Map<String, String> environment) throws IOException {
        var clone = new LaunchedClone(folder, environment);
        Files.copy(Shipped.ROOT.resolve("skerry"), folder.resolve("skerry"));
        for (String command : SYSTEM) {
            clone.command(command, "exec /usr/bin/" + command + " \"$@\"");
        }
        clone.command("id", "echo 0");
        clone.jdk("jdk", "JAVA_VERSION=\"25.0.1\"\n");
        return clone;
    }

    /** Puts a stand-in into the PATH. */
    void command(String name, String script) throws IOException {
        program(folder.resolve("bin").resolve(name), script);
    }

    /** Puts a stand-in into the clone. */
    void program(String name, String script) throws IOException {
        program(folder.resolve(name), script);
    }

    private static void program(Path file, String script) throws IOException {
        Files.createDirectories(file.resolveSibling(""));
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    void jdk(String name, String release) throws IOException {
        program(folder.resolve(name).resolve("bin/javac"), "exit 1");
        Files.writeString(folder.resolve(name).resolve("release"), release);
    }

    /** A release, with a stand-in for Java. */
    void makeARelease(String java) throws IOException {
        program(folder.resolve("runtime/bin/java"), java);
        Files.createDirectories(folder.resolve("dist/lib"));
        command("crun", "exit 1");
    }

    Result skerry(String... arguments) throws IOException, InterruptedException {
        return skerryOn("jdk", arguments);
    }

    Result skerryOn(String jdk, String... arguments) throws IOException, InterruptedException {
        Process process = start(jdk, arguments);
        try {
            return await(process);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    /** Its output goes to files, which {@link #await} reads. */
    Process start(String jdk, String... arguments) throws IOException {
        List<String> words = new ArrayList<>(List.of("/bin/sh", "skerry"));
        words.addAll(List.of(arguments));
        Path in = Files.writeString(folder.resolve("in"), "a line\n");
        var builder = new ProcessBuilder(words)
                .directory(folder.toFile())
                .redirectInput(in.toFile())
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        builder.environment().clear();
        builder.environment().put("PATH", folder.resolve("bin").toString());
        builder.environment().put("SKERRY_JAVA_HOME", jdk);
        builder.environment().putAll(environment);
        return builder.start();
    }

    Result await(Process process) throws IOException, InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(
                process.exitValue(), Files.readString(folder.resolve("out")), Files.readString(folder.resolve("err")));
    }
}
