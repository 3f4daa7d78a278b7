package dev.skerry.e2e;

import static java.util.stream.Collectors.joining;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The clients, as their own package managers install them, at pinned versions; once, below {@code .skerry/e2e}. Which
 * registries they come from is what npm and pip are configured with on this machine.
 *
 * @param node the interpreter
 * @param js folder with {@code node_modules}: the SDK, the code interpreter, the command line tool
 * @param oldJs the same with the SDK's older dialect
 * @param piston the same with the clients of Piston's API and of WebSockets
 * @param python the interpreter of the environment that has the SDK and the code interpreter
 */
record Clients(Path node, Path js, Path oldJs, Path piston, Path python) {
    static final List<String> JS = List.of("e2b@2.51.0", "@e2b/code-interpreter@2.8.0", "@e2b/cli@2.19.0");
    static final List<String> OLD_JS = List.of("e2b@2.45.0");
    static final List<String> PISTON = List.of("piston-client@1.0.2", "piston-api-client@2.0.1", "ws@8.18.3");
    static final List<String> PYTHON = List.of("e2b==2.63.0", "e2b-code-interpreter==2.11.5");

    /** What the SDK asks for: 20.18.1. */
    private static final int NODE_MAJOR = 20;

    private static final int NODE_MINOR = 18;
    private static final Pattern NODE_VERSION = Pattern.compile("v(\\d+)\\.(\\d+)\\..*", Pattern.DOTALL);
    private static final Duration INSTALL = Duration.ofMinutes(8);
    private static final Duration QUICK = Duration.ofSeconds(30);
    private static final Path SYSTEM_PYTHON = Path.of("/usr/bin/python3");
    private static final Path FOLDER = ShippedServer.ROOT.resolve(".skerry/e2e");

    /** Installs what is not there yet. */
    static Clients install() {
        Path node = findNode();
        try {
            Files.createDirectories(FOLDER);
            // Several builds of one clone: the second waits for the first.
            try (var channel = FileChannel.open(
                            FOLDER.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    var lock = channel.lock();
                    var each = Executors.newVirtualThreadPerTaskExecutor()) {
                assert lock.isValid();
                // Each mostly waits for the network.
                Future<Path> js = each.submit(() -> once("js", JS, folder -> npm(folder, JS)));
                Future<Path> oldJs = each.submit(() -> once("js-old", OLD_JS, folder -> npm(folder, OLD_JS)));
                Future<Path> piston = each.submit(() -> once("piston", PISTON, folder -> npm(folder, PISTON)));
                Future<Path> python = each.submit(() -> once("python", PYTHON, Clients::pip));
                return new Clients(
                        node, js.get(), oldJs.get(), piston.get(), python.get().resolve("venv/bin/python"));
            }
        } catch (ExecutionException e) {
            throw new AssertionError("a client could not be installed", e.getCause());
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted while the clients are installed", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Installation {
        void into(Path folder) throws IOException;
    }

    /** A folder whose marker holds what was asked for is complete; any other is made anew. */
    private static Path once(String name, List<String> packages, Installation installation) throws IOException {
        Path folder = FOLDER.resolve(name);
        Path marker = folder.resolve("installed");
        String wanted = String.join("\n", packages);
        if (Files.exists(marker) && Files.readString(marker).equals(wanted)) {
            return folder;
        }
        if (Files.exists(folder)) {
            Leftovers.delete(folder);
        }
        Files.createDirectories(folder);
        installation.into(folder);
        Files.writeString(marker, wanted);
        return folder;
    }

    private static void npm(Path folder, List<String> packages) throws IOException {
        Path npm = onPath("npm")
                .findFirst()
                .orElseThrow(() -> missing("npm", "apt-get install -y --no-install-recommends npm"));
        Files.writeString(folder.resolve("package.json"), "{\"private\": true}\n");
        List<String> command = Stream.concat(
                        Stream.of(npm.toString(), "install", "--no-audit", "--no-fund", "--save-exact"),
                        packages.stream())
                .toList();
        Child.run(command, folder, System.getenv(), INSTALL);
    }

    private static void pip(Path folder) {
        if (!Files.isExecutable(SYSTEM_PYTHON)) {
            throw missing("python3", "apt-get install -y --no-install-recommends python3 python3-venv");
        }
        try {
            run(folder, List.of(SYSTEM_PYTHON.toString(), "-c", "import ensurepip, venv"), QUICK);
        } catch (AssertionError e) {
            throw missing("the module venv of python3", "apt-get install -y --no-install-recommends python3-venv");
        }
        run(folder, List.of(SYSTEM_PYTHON.toString(), "-m", "venv", "venv"), INSTALL);
        List<String> pip = List.of("venv/bin/python", "-m", "pip", "install", "--quiet", "--no-input");
        run(folder, Stream.concat(pip.stream(), PYTHON.stream()).toList(), INSTALL);
    }

    private static void run(Path folder, List<String> command, Duration bound) {
        Child.run(command, folder, System.getenv(), bound);
    }

    private static Path findNode() {
        List<Path> all = onPath("node").toList();
        for (Path node : all) {
            if (isNewEnough(versionOf(node))) {
                return node;
            }
        }
        String found = all.isEmpty()
                ? "there is none on PATH"
                : "on PATH there is "
                        + all.stream().map(node -> node + " " + versionOf(node)).collect(joining(", "));
        throw new AssertionError("the E2B clients for JavaScript need Node.js " + NODE_MAJOR + "." + NODE_MINOR
                + ".1 or newer; " + found + ". Install a newer one (Debian 12 has 18: unpack an archive of the Node.js"
                + " project anywhere) and put its folder 'bin' first on PATH");
    }

    private static String versionOf(Path node) {
        return Child.run(List.of(node.toString(), "--version"), Path.of("/"), System.getenv(), QUICK)
                .strip();
    }

    static boolean isNewEnough(String version) {
        Matcher matcher = NODE_VERSION.matcher(version);
        if (!matcher.matches()) {
            return false;
        }
        int major = Integer.parseInt(matcher.group(1));
        return major > NODE_MAJOR || (major == NODE_MAJOR && Integer.parseInt(matcher.group(2)) >= NODE_MINOR);
    }

    private static Stream<Path> onPath(String program) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
        return Arrays.stream(path.split(File.pathSeparator, -1))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder).resolve(program))
                .filter(Files::isExecutable);
    }

    private static AssertionError missing(String what, String command) {
        return new AssertionError(what + " is missing; install it with: " + command);
    }

    /** Command and environment of a JavaScript suite. */
    List<String> javascript(Path program, List<String> topics) {
        return Stream.concat(Stream.of(node.toString(), program.toString()), topics.stream())
                .toList();
    }

    static Map<String, String> modulesOf(Path folder) {
        return Map.of("NODE_PATH", folder.resolve("node_modules").toString());
    }
}
