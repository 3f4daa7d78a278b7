package dev.skerry.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The repository keeps {@link TidyRules}; and each rule is seen to find what it is for. */
class TidyTest {
    private static final Set<String> LEFT_OUT =
            Set.of("target", "build", ".git", ".skerry", ".idea", "__pycache__", "corpus");
    /** Relative path to text, of every file that is text. */
    private static final Map<String, String> FILES = new TreeMap<>();

    @BeforeAll
    static void read() throws IOException {
        Path root = Path.of(System.getProperty("skerry.root", "..")).toRealPath();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                return LEFT_OUT.contains(folder.getFileName().toString()) && !folder.equals(root)
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (attributes.isRegularFile()) {
                    textOf(file)
                            .ifPresent(text -> FILES.put(root.relativize(file).toString(), text));
                }
                return FileVisitResult.CONTINUE;
            }
        });
        assertThat(FILES).hasSizeGreaterThan(250).containsKeys("README.md", "pom.xml", "native/src/guest.h");
    }

    private static Optional<String> textOf(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.indexOf('\0') >= 0 ? Optional.empty() : Optional.of(text);
        } catch (CharacterCodingException binary) {
            return Optional.empty();
        }
    }

    private static void keeps(BiFunction<String, String, List<String>> rule) {
        List<String> found = new ArrayList<>();
        FILES.forEach((path, text) -> found.addAll(rule.apply(path, text)));
        assertThat(found).isEmpty();
    }

    @Test
    void aSourceFileHasAtMost400Lines() {
        keeps(TidyRules::length);
        for (String name : List.of("A.java", "a.c", "a.h", "a.py")) {
            assertThat(TidyRules.length(name, "x\n".repeat(400))).isEmpty();
            assertThat(TidyRules.length(name, "x\n".repeat(401))).hasSize(1);
        }
    }

    @Test
    void aLineHasAtMost120Columns() {
        keeps(TidyRules::columns);
        String wide = "x ".repeat(60) + "y";
        for (String name : List.of("A.java", "a.c", "a.md", "pom.xml", "Makefile", "skerry")) {
            assertThat(TidyRules.columns(name, "x\n" + "ö".repeat(119) + "x\n")).isEmpty();
            assertThat(TidyRules.columns(name, "x\n" + wide + "\n"))
                    .containsExactly(name + ":2: more than 120 columns");
        }
        assertThat(TidyRules.columns("a.md", "| " + wide + " |\n")).isEmpty();
        assertThat(TidyRules.columns("A.java", "| " + wide + " |\n")).hasSize(1);
    }

    @Test
    void nothingIsMarkedUnfinished() {
        keeps(TidyRules::markers);
        for (String marker : List.of("TO" + "DO", "FIX" + "ME", "X" + "XX")) {
            assertThat(TidyRules.markers("a.c", "// " + marker + ": later\n")).containsExactly("a.c:1: unfinished");
        }
        assertThat(TidyRules.markers("a.sh", "mktemp /tmp/a.XXXXXX\n")).isEmpty();
    }

    @Test
    void javaHasNoTabs() {
        keeps(TidyRules::tabs);
        assertThat(TidyRules.tabs("A.java", "class A {\n\tint a;\n}\n")).containsExactly("A.java:2: a tab");
        assertThat(TidyRules.tabs("Makefile", "all:\n\ttrue\n")).isEmpty();
    }

    @Test
    void noLineEndsWithWhiteSpace() {
        keeps(TidyRules::trailingSpace);
        assertThat(TidyRules.trailingSpace("a.c", "int a; \nint b;\t\nint c;\r\nint d;\n"))
                .containsExactly(
                        "a.c:1: white space at the end",
                        "a.c:2: white space at the end",
                        "a.c:3: white space at the end");
    }

    @Test
    void aFileEndsWithOneNewline() {
        keeps(TidyRules::lastLine);
        assertThat(TidyRules.lastLine("a.c", "int a;")).hasSize(1);
        assertThat(TidyRules.lastLine("a.c", "int a;\n\n")).hasSize(1);
        assertThat(TidyRules.lastLine("a.c", "int a;\n")).isEmpty();
    }

    @Test
    void nothingBesideTheRepositoryIsUsed() {
        keeps(TidyRules::outside);
        assertThat(TidyRules.outside("a.sh", "true\ncat ../" + "shared/list\n")).hasSize(1);
    }

    @Test
    void everyPackageSaysWhatItIsFor() {
        assertThat(TidyRules.packages(FILES)).isEmpty();
        String code = "m/src/main/java/p/A.java", info = "m/src/main/java/p/package-info.java";
        assertThat(TidyRules.packages(Map.of(code, "package p;"))).hasSize(1);
        assertThat(TidyRules.packages(Map.of(code, "package p;", info, "package p;\n")))
                .hasSize(1);
        assertThat(TidyRules.packages(Map.of(code, "package p;", info, "/** P. */\npackage p;\n")))
                .isEmpty();
        assertThat(TidyRules.packages(Map.of("m/src/test/java/p/A.java", "package p;")))
                .isEmpty();
    }

    @Test
    void linksLeadSomewhere() {
        assertThat(TidyRules.links(FILES)).isEmpty();
        String there = "# A & b\n## `c` (d)\n## `c` (d)\n```\n# e\n```\n";
        Map<String, String> files = new TreeMap<>(Map.of("docs/there.md", there, "docs/deep/x.c", "\n"));
        List<String> good = List.of("docs/there.md", "docs/there.md#a--b", "docs/there.md#c-d", "docs/there.md#c-d-1");
        List<String> more = List.of("docs/", "docs/deep", "docs/deep/../there.md", "#here", "https://example.org/x");
        List<String> bad =
                List.of("docs/gone.md", "docs/there.md#e", "docs/there.md#c-d-2", "there.md", "#there", "doc");
        String text = "# Here\n";
        for (List<String> links : List.of(good, more, bad)) {
            text += "\n[a](" + String.join(") [b](", links) + ")\n";
        }
        files.put("README.md", text + "`[a](code)`\n```\n[a](fence)\n```\n");
        assertThat(TidyRules.links(files)).hasSameSizeAs(bad).allMatch(finding -> bad.stream()
                .anyMatch(finding::endsWith));
        assertThat(TidyRules.links(Map.of("docs/a.md", "[x](../README.md)\n"))).hasSize(1);
    }

    @Test
    void everyTestThatADocumentNamesExists() {
        assertThat(TidyRules.namedTests("docs/SPEC.md", FILES)).isEmpty();
        // The rest of that page names methods of clients, and scenarios.
        String page = FILES.get("docs/COMPATIBILITY.md");
        Map<String, String> boundaries = new TreeMap<>(FILES);
        boundaries.put("boundaries", page.substring(page.indexOf("## Between versions")));
        assertThat(TidyRules.namedTests("boundaries", boundaries)).isEmpty();
        String spec = "`AIT` `BTest` `CTest` `DIT.here` `DIT.gone` `E.there` `f.py` `g.py` `Driver.Feature` `files`\n";
        Map<String, String> files = Map.of(
                "SPEC.md", spec,
                "m/AIT.java", "class AIT {}\n",
                "m/CTest.java", "class Other {}\n",
                "m/DIT.java", "class DIT { void here() {} }\n",
                "m/f.py", "\n");
        assertThat(TidyRules.namedTests("SPEC.md", files))
                .containsExactly(
                        "SPEC.md: there is no BTest",
                        "SPEC.md: there is no CTest",
                        "SPEC.md: there is no DIT.gone",
                        "SPEC.md: there is no E.there",
                        "SPEC.md: there is no g.py");
    }
}
