package dev.skerry.guest;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the machine tests, as a file system for {@code /opt/skerry}: an unpacked release (launcher, dist, Java runtime)
 * and beside it the classes of the tests with their libraries.
 */
record Payload(Path image) {
    static final String LABEL = "payload.img";
    private static final String SIZE = "900M";

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
        copy(root.resolve("cli/target/assembled"), tree.resolve("dist"));
        Files.copy(root.resolve("skerry"), tree.resolve("skerry"), StandardCopyOption.COPY_ATTRIBUTES);
        Path built = Files.createDirectories(tree.resolve("native/build"));
        copy(tree.resolve("dist/libexec"), built.resolve("x86_64"));
        classes(root, tree.resolve("tests"));
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

    /** The class path of this very test, and the tests of the modules below. */
    private static void classes(Path root, Path into) throws IOException {
        Files.createDirectories(into);
        // Surefire hides the class path in the manifest of a jar.
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<Path> entries = new ArrayList<>(
                Stream.of(path.split(File.pathSeparator, -1)).map(Path::of).toList());
        entries.add(root.resolve("host/target/test-classes"));
        entries.add(root.resolve("testkit/target/test-classes"));
        for (int i = 0; i < entries.size(); i++) {
            Path entry = entries.get(i);
            if (Files.isDirectory(entry)) {
                copy(entry, into.resolve("classes-" + i));
            } else if (Files.exists(entry)) {
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
