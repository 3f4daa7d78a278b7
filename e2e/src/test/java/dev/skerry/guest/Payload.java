package dev.skerry.guest;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the machine tests, as a file system for {@code /opt/skerry}: an unpacked release (launcher, dist, Java runtime)
 * and beside it the classes of the tests, with those of their libraries that the release lacks.
 */
record Payload(Path image) {
    static final String LABEL = "payload.img";
    private static final String SIZE = "900M";

    /** Whose tests run there. */
    private static final List<String> MODULES = List.of("host", "testkit", "cli");

    /** A fifth of a JDK that nobody needs who does not compile. */
    private static final Set<String> LEFT_OUT = Set.of("src.zip", "ct.sym", "jmods", "man", "legal", "demo");

    /**
     * @param root the repository, built
     * @param work an empty folder, for this run
     * @param tests for each process, options of JUnit's console launcher that select its tests
     */
    static Payload make(Path root, Path work, List<List<String>> tests) throws IOException, InterruptedException {
        Path tree = Files.createDirectory(work.resolve("payload"));
        copy(Path.of(System.getProperty("java.home")), tree.resolve("runtime"));
        copy(dist(root), tree.resolve("dist"));
        Files.copy(root.resolve("skerry"), tree.resolve("skerry"), StandardCopyOption.COPY_ATTRIBUTES);
        Path built = Files.createDirectories(tree.resolve("native/build"));
        copy(tree.resolve("dist/libexec"), built.resolve("x86_64"));
        classes(root, tree.resolve("dist/lib"), tree.resolve("tests"));
        Path selections = Files.createDirectory(tree.resolve("tests/selections"));
        for (int i = 0; i < tests.size(); i++) {
            Files.writeString(selections.resolve(Integer.toString(i)), String.join("\n", tests.get(i)) + "\n");
        }
        Path script = Files.writeString(tree.resolve("run-tests"), DebianImage.resource("run-tests"));
        script.toFile().setExecutable(true);
        Path image = work.resolve(LABEL);
        DebianImage.ext4(tree, image, SIZE);
        DebianImage.removeTree(tree);
        return new Payload(image);
    }

    /** What the launcher runs. */
    private static Path dist(Path root) {
        String said = System.getenv("SKERRY_DIST");
        return said == null ? root.resolve(".skerry/dist") : Path.of(said);
    }

    private static void classes(Path root, Path release, Path into) throws IOException {
        Files.createDirectories(into);
        for (String module : MODULES) {
            copy(root.resolve(module).resolve("target/test-classes"), into.resolve("classes-" + module));
        }
        // Surefire hides the class path in the manifest of a jar.
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        for (String name : path.split(File.pathSeparator, -1)) {
            Path entry = Path.of(name);
            if (Files.isRegularFile(entry) && Files.notExists(release.resolve(entry.getFileName()))) {
                Files.copy(entry, into.resolve(entry.getFileName()));
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> entries = Files.walk(from)) {
            for (Path entry : entries.toList()) {
                Path relative = from.relativize(entry);
                if (Stream.of(LEFT_OUT.toArray(String[]::new)).noneMatch(name -> named(relative, name))) {
                    Files.copy(
                            entry, to.resolve(relative), LinkOption.NOFOLLOW_LINKS, StandardCopyOption.COPY_ATTRIBUTES);
                }
            }
        }
    }

    private static boolean named(Path relative, String name) {
        for (Path part : relative) {
            if (part.toString().equals(name)) {
                return true;
            }
        }
        return false;
    }
}
