package dev.skerry.host.jobs;

import static dev.skerry.host.jobs.Toolchain.MAIN;
import static dev.skerry.host.jobs.Toolchain.OUT;
import static dev.skerry.host.jobs.Toolchain.SOURCE;
import static dev.skerry.host.jobs.Toolchain.compiler;
import static dev.skerry.host.jobs.Toolchain.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Nearest;
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
            names("python", "py", "py3", "python3"),
            extensions("py"),
            "python3",
            interpreter("/usr/bin/python3"),
            interpreter("/usr/local/bin/python3")),
    JAVASCRIPT(
            names("javascript", "js", "node", "node-js", "node-javascript"),
            extensions("js", "mjs", "cjs"),
            "nodejs",
            interpreter("/usr/bin/node").named("node"),
            interpreter("/usr/local/bin/node").named("node"),
            interpreter("/usr/bin/nodejs").named("node"),
            interpreter("/usr/local/bin/deno", "run", "--quiet").named("deno"),
            interpreter("/usr/local/bin/bun", "run").named("bun")),
    TYPESCRIPT(
            names("typescript", "ts", "node-ts", "tsc"),
            extensions("ts", "mts", "cts"),
            "node-typescript",
            stripping("/usr/bin/node"),
            stripping("/usr/local/bin/node"),
            interpreter("/usr/local/bin/deno", "run", "--quiet").named("deno"),
            interpreter("/usr/local/bin/bun", "run").named("bun"),
            interpreter("/usr/local/bin/tsx").named("tsx"),
            interpreter("/usr/local/bin/ts-node").named("ts-node"),
            transpiling("/usr/bin/tsc", "/usr/bin/node"),
            transpiling("/usr/local/bin/tsc", "/usr/local/bin/node")),
    BASH(
            names("bash", "sh", "shell"),
            extensions("sh", "bash"),
            "bash",
            interpreter("/usr/bin/bash"),
            interpreter("/bin/bash")),
    C(
            names("c", "gcc"),
            extensions("c"),
            "gcc libc6-dev",
            compiler("/usr/bin/gcc", "-std=gnu17", "-O2", "-o", OUT + "/main", SOURCE, "-lm")
                    .needing("/usr/include/stdio.h")
                    .named("gcc")
                    .versionBy("-dumpfullversion"),
            compiler("/usr/bin/clang", "-O2", "-o", OUT + "/main", SOURCE, "-lm")
                    .needing("/usr/include/stdio.h")
                    .named("clang"),
            compiler("/usr/local/bin/gcc", "-O2", "-o", OUT + "/main", SOURCE, "-lm")
                    .named("gcc")
                    .versionBy("-dumpfullversion")),
    CPP(
            names("c++", "cpp", "cxx", "g++"),
            extensions("cpp", "cc", "cxx", "c++"),
            "g++",
            compiler("/usr/bin/g++", "-std=gnu++20", "-O2", "-o", OUT + "/main", SOURCE)
                    .named("gcc")
                    .versionBy("-dumpfullversion"),
            compiler("/usr/local/bin/g++", "-O2", "-o", OUT + "/main", SOURCE)
                    .named("gcc")
                    .versionBy("-dumpfullversion")),
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
    PERL(names("perl", "pl"), extensions("pl"), "perl", perl("/usr/bin/perl"), perl("/usr/local/bin/perl")),
    PHP(names("php"), extensions("php"), "php-cli", interpreter("/usr/bin/php"), interpreter("/usr/local/bin/php")),
    LUA(
            names("lua"),
            extensions("lua"),
            "lua5.4",
            lua("/usr/bin/lua5.4"),
            lua("/usr/bin/lua5.3"),
            lua("/usr/bin/lua"),
            lua("/usr/bin/luajit").named("luajit"),
            lua("/usr/local/bin/lua")),
    CSHARP(names("csharp", "c#", "cs", "mono"), extensions("cs"), "mono-mcs", mono("/usr/bin")),
    KOTLIN(names("kotlin", "kt"), extensions("kt"), "kotlin", kotlin("/usr/bin"));

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
                .onlyIf(node, "--experimental-strip-types", "--disable-warning=ExperimentalWarning", "-e", "0")
                .named("node");
    }

    /** {@code -v} prints more than one number. */
    private static Toolchain perl(String program) {
        return interpreter(program).versionBy("-e", "printf '%vd', $^V");
    }

    private static Toolchain lua(String program) {
        return interpreter(program).versionBy("-v");
    }

    private static Toolchain mono(String folder) {
        return Toolchain.of(
                        List.of(folder + "/mcs", folder + "/mono"),
                        List.of(folder + "/mcs", "-out:" + OUT + "/main.exe", SOURCE),
                        List.of(folder + "/mono", OUT + "/main.exe"))
                .named("mono");
    }

    private static Toolchain kotlin(String folder) {
        return Toolchain.of(
                        List.of(folder + "/kotlinc", folder + "/java"),
                        List.of(folder + "/kotlinc", SOURCE, "-include-runtime", "-d", OUT + "/main.jar"),
                        List.of(folder + "/java", "-XX:+UseSerialGC", "-jar", OUT + "/main.jar"))
                .versionBy("-version")
                // It starts Java with an option that later ones warn of; the first compiler alone halves its time.
                .with(Map.of(
                        "JAVA_OPTS",
                        "-XX:+UnlockDiagnosticVMOptions -XX:-PrintWarnings -XX:+UseSerialGC -XX:TieredStopAtLevel=1"));
    }

    private static Toolchain transpiling(String tsc, String node) {
        return Toolchain.of(
                        List.of(tsc, node),
                        List.of(
                                tsc,
                                "--target",
                                "es2020",
                                "--module",
                                "commonjs",
                                "--noEmitOnError",
                                "--outDir",
                                OUT,
                                SOURCE),
                        List.of(node, OUT + "/" + MAIN + ".js"))
                .named("tsc");
    }

    private static Toolchain javac(String folder) {
        return Toolchain.of(
                        List.of(folder + "/javac", folder + "/java"),
                        List.of(folder + "/javac", "-encoding", "UTF-8", "-proc:none", "-d", OUT, SOURCE),
                        // Serial: the other collectors start a thread for each core of the host and miss the
                        // sandbox's limits.
                        List.of(folder + "/java", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", OUT, MAIN))
                .versionBy("-version");
    }

    /** Without {@code -trimpath}: it would compile Go's own library anew, which Debian ships compiled. */
    private static Toolchain go(String program) {
        return compiler(program, "build", "-o", OUT + "/main", SOURCE)
                .versionBy("version")
                .with(Map.of("GOCACHE", OUT + "/cache", "GOPROXY", "off", "GOTOOLCHAIN", "local"));
    }

    private static Toolchain rust(String program) {
        return compiler(program, "--edition", "2021", "-C", "opt-level=1", "-o", OUT + "/main", SOURCE)
                .needing("/usr/bin/cc");
    }

    /** Whether the compiler takes all source files of the job. */
    boolean compilesTogether() {
        return switch (this) {
            case C, CPP, GO, JAVA, CSHARP, KOTLIN -> true;
            default -> false;
        };
    }

    /** Whether the compiler goes by the extension of a file. */
    boolean needsExtension() {
        return switch (this) {
            case C, CPP, GO, JAVA, TYPESCRIPT, KOTLIN -> true;
            default -> false;
        };
    }

    String extension() {
        return extensions.getFirst();
    }

    boolean hasExtensionOf(String fileName) {
        String lower = fileName.toLowerCase(Locale.ROOT);
        return extensions.stream().anyMatch(extension -> lower.endsWith("." + extension));
    }

    /** Other names than the label. */
    public List<String> aliases() {
        return names.subList(1, names.size());
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
    public static String mainClass(String fileName, String source) {
        JavaSource java = JavaSource.read(source);
        return java.mainClass(java.fileStem(Recipe.stem(fileName.substring(fileName.lastIndexOf('/') + 1))));
    }

    /** By name or alias, in any case. */
    public static Language named(String name) {
        String wanted = name.toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(language -> language.names.contains(wanted))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + name + "' is not a language that Skerry knows; the nearest one is '" + nearest(wanted)
                                + "'",
                        "use one of: "
                                + Arrays.stream(values()).map(Language::label).collect(Collectors.joining(", "))));
    }

    private static String nearest(String name) {
        List<String> all = Arrays.stream(values())
                .flatMap(language -> language.names.stream())
                .toList();
        return Nearest.to(name, all, 1).getFirst();
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
