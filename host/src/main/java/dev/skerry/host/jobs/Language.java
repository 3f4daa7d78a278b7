package dev.skerry.host.jobs;

import static dev.skerry.host.jobs.Toolchain.MAIN;
import static dev.skerry.host.jobs.Toolchain.OUT;
import static dev.skerry.host.jobs.Toolchain.SOURCE;
import static dev.skerry.host.jobs.Toolchain.compiler;
import static dev.skerry.host.jobs.Toolchain.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The languages that a job may be written in: how a file of it is recognised, and the ways to run it, best first. */
@SuppressWarnings("ImmutableEnumChecker") // the lists are List.of, which the checker cannot see
public enum Language {
    PYTHON(
            names("python", "py", "python3"),
            extensions("py"),
            "python3",
            interpreter("/usr/bin/python3"),
            interpreter("/usr/local/bin/python3")),
    JAVASCRIPT(
            names("javascript", "js", "node"),
            extensions("js", "mjs", "cjs"),
            "nodejs",
            interpreter("/usr/bin/node"),
            interpreter("/usr/local/bin/node"),
            interpreter("/usr/bin/nodejs"),
            interpreter("/usr/local/bin/deno", "run", "--quiet"),
            interpreter("/usr/local/bin/bun", "run")),
    TYPESCRIPT(
            names("typescript", "ts"),
            extensions("ts", "mts", "cts"),
            "node-typescript",
            stripping("/usr/bin/node"),
            stripping("/usr/local/bin/node"),
            interpreter("/usr/local/bin/deno", "run", "--quiet"),
            interpreter("/usr/local/bin/bun", "run"),
            interpreter("/usr/local/bin/tsx"),
            interpreter("/usr/local/bin/ts-node"),
            transpiling("/usr/bin/tsc", "/usr/bin/node"),
            transpiling("/usr/local/bin/tsc", "/usr/local/bin/node")),
    BASH(
            names("bash", "sh", "shell"),
            extensions("sh", "bash"),
            "bash",
            interpreter("/usr/bin/bash"),
            interpreter("/bin/bash")),
    C(
            names("c"),
            extensions("c"),
            "gcc libc6-dev",
            compiler("/usr/bin/gcc", "-std=gnu17", "-O2", "-o", OUT + "/main", SOURCE, "-lm")
                    .needing("/usr/include/stdio.h"),
            compiler("/usr/bin/clang", "-O2", "-o", OUT + "/main", SOURCE, "-lm")
                    .needing("/usr/include/stdio.h"),
            compiler("/usr/local/bin/gcc", "-O2", "-o", OUT + "/main", SOURCE, "-lm")),
    CPP(
            names("c++", "cpp", "cxx"),
            extensions("cpp", "cc", "cxx", "c++"),
            "g++",
            compiler("/usr/bin/g++", "-std=gnu++20", "-O2", "-o", OUT + "/main", SOURCE),
            compiler("/usr/local/bin/g++", "-O2", "-o", OUT + "/main", SOURCE)),
    JAVA(
            names("java"),
            extensions("java"),
            "default-jdk-headless",
            javac("/usr/bin"),
            javac("/opt/java/openjdk/bin"),
            javac("/usr/local/openjdk/bin")),
    GO(names("go", "golang"), extensions("go"), "golang-go", go("/usr/bin/go"), go("/usr/local/go/bin/go")),
    RUST(
            names("rust", "rs"),
            extensions("rs"),
            "rustc gcc",
            rust("/usr/bin/rustc"),
            rust("/usr/local/cargo/bin/rustc")),
    RUBY(
            names("ruby", "rb"),
            extensions("rb"),
            "ruby",
            interpreter("/usr/bin/ruby"),
            interpreter("/usr/local/bin/ruby")),
    PERL(
            names("perl", "pl"),
            extensions("pl"),
            "perl",
            interpreter("/usr/bin/perl"),
            interpreter("/usr/local/bin/perl")),
    PHP(names("php"), extensions("php"), "php-cli", interpreter("/usr/bin/php"), interpreter("/usr/local/bin/php")),
    LUA(
            names("lua"),
            extensions("lua"),
            "lua5.4",
            interpreter("/usr/bin/lua5.4"),
            interpreter("/usr/bin/lua5.3"),
            interpreter("/usr/bin/lua"),
            interpreter("/usr/bin/luajit"),
            interpreter("/usr/local/bin/lua"));

    private final List<String> names;
    private final List<String> extensions;
    private final String packages;
    private final List<Toolchain> toolchains;

    Language(List<String> names, List<String> extensions, String packages, Toolchain... toolchains) {
        this.names = names;
        this.extensions = extensions;
        this.packages = packages;
        this.toolchains = List.of(toolchains);
    }

    private static List<String> names(String... names) {
        return List.of(names);
    }

    private static List<String> extensions(String... extensions) {
        return List.of(extensions);
    }

    /** Node from 22.6 on removes type annotations by itself; an older one refuses the option. */
    private static Toolchain stripping(String node) {
        return interpreter(node, "--experimental-strip-types", "--disable-warning=ExperimentalWarning")
                .onlyIf(node, "--experimental-strip-types", "--disable-warning=ExperimentalWarning", "-e", "0");
    }

    private static Toolchain transpiling(String tsc, String node) {
        return new Toolchain(
                List.of(tsc, node),
                List.of(),
                List.of(tsc, "--target", "es2020", "--module", "commonjs", "--noEmitOnError", "--outDir", OUT, SOURCE),
                List.of(node, OUT + "/" + MAIN + ".js"),
                Map.of());
    }

    private static Toolchain javac(String folder) {
        return new Toolchain(
                List.of(folder + "/javac", folder + "/java"),
                List.of(),
                List.of(folder + "/javac", "-encoding", "UTF-8", "-proc:none", "-d", OUT, SOURCE),
                // Serial: the other collectors start a thread for each core of the host and miss the sandbox's limits.
                List.of(folder + "/java", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", OUT, MAIN),
                Map.of());
    }

    private static Toolchain go(String program) {
        return compiler(program, "build", "-o", OUT + "/main", SOURCE)
                .with(Map.of(
                        "GOCACHE", OUT + "/cache", "GOPROXY", "off", "GOTOOLCHAIN", "local", "GOFLAGS", "-trimpath"));
    }

    private static Toolchain rust(String program) {
        return compiler(program, "--edition", "2021", "-C", "opt-level=1", "-o", OUT + "/main", SOURCE)
                .needing("/usr/bin/cc");
    }

    /** The name used on the command line and in results. */
    public String label() {
        return names.getFirst();
    }

    /** The Debian packages that provide it, separated by spaces. */
    public String packages() {
        return packages;
    }

    List<Toolchain> toolchains() {
        return toolchains;
    }

    /** What a source file is called when the caller has no name for it. */
    public String fileName() {
        return (this == JAVA ? "Main." : "main.") + extensions.getFirst();
    }

    /** The class of a Java source file that is started, as far as it can be told by reading the file. */
    public static String mainClass(String source) {
        JavaSource java = JavaSource.read(source);
        return java.mainClass(java.fileStem("Main"));
    }

    /** By name or alias, in any case. */
    public static Language named(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(language -> language.names.contains(wanted))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + name + "' is not a language that Skerry knows",
                        "use one of: "
                                + Arrays.stream(values()).map(Language::label).collect(Collectors.joining(", "))));
    }

    /** By the extension of a file's name, in any case. */
    public static Optional<Language> ofFile(String fileName) {
        int dot = fileName.lastIndexOf('.');
        if (dot < 0) {
            return Optional.empty();
        }
        String extension = fileName.substring(dot + 1).toLowerCase(Locale.ROOT);
        return Stream.of(values())
                .filter(language -> language.extensions.contains(extension))
                .findFirst();
    }
}
