package dev.skerry.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.DynamicTest;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/** Runs a machine; every test that ran in it is a test here. */
final class GuestTests {
    static final Path ROOT =
            Path.of(System.getProperty("skerry.root", "..")).toAbsolutePath().normalize();
    /** As the XDG base directory specification has it. */
    static final Path CACHE = Path.of(Objects.requireNonNullElseGet(
                    System.getenv("XDG_CACHE_HOME"), () -> System.getProperty("user.home") + "/.cache"))
            .resolve("skerry/pure-v2");

    private static final Duration BOUND = Duration.ofMinutes(20);

    private GuestTests() {}

    /** A folder for what one machine needs and says. */
    static Path fresh(String name) throws IOException {
        assertThat(System.getProperty("os.arch"))
                .as("the machine is an x86-64 one and shares our guestd and Java runtime")
                .isEqualTo("amd64");
        Path work = ROOT.resolve("e2e/target").resolve(name);
        DebianImage.removeTree(work);
        return Files.createDirectories(work);
    }

    /** Options of JUnit's console launcher that select these classes. */
    static List<String> selection(List<String> classes) {
        List<String> options = new ArrayList<>();
        classes.forEach(name -> options.addAll(List.of("--select-class", name)));
        return options;
    }

    /** @param wanted the classes that must have been run there */
    static List<DynamicTest> run(Machine machine, List<String> wanted) throws Exception {
        Path results = machine.run(BOUND);
        Files.delete(machine.payload.image());
        List<DynamicTest> tests = new ArrayList<>();
        for (Element testcase : testcases(results)) {
            tests.add(dynamicTest(
                    name(testcase), () -> assertThat(problems(testcase)).isEmpty()));
        }
        List<String> ran = testcases(results).stream()
                .map(testcase -> testcase.getAttribute("classname"))
                .distinct()
                .toList();
        tests.add(dynamicTest(
                "nothing was left out",
                () -> assertThat(ran).as("see " + machine.console()).containsExactlyInAnyOrderElementsOf(wanted)));
        return tests;
    }

    private static List<Element> testcases(Path results) throws Exception {
        List<Element> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(results)) {
            for (Path report : files.filter(file -> file.endsWith("TEST-junit-jupiter.xml"))
                    .sorted()
                    .toList()) {
                NodeList nodes = DocumentBuilderFactory.newDefaultInstance()
                        .newDocumentBuilder()
                        .parse(report.toFile())
                        .getElementsByTagName("testcase");
                for (int i = 0; i < nodes.getLength(); i++) {
                    found.add((Element) nodes.item(i));
                }
            }
        }
        return found;
    }

    /** As JUnit displays it, without the engine: the report's own attributes number dynamic tests. */
    private static String name(Element testcase) {
        return testcase.getTextContent()
                .lines()
                .filter(line -> line.startsWith("display-name: "))
                .map(line -> line.substring(line.indexOf('>') + 2))
                .findFirst()
                .orElse(testcase.getAttribute("name"));
    }

    private static String problems(Element testcase) {
        StringBuilder found = new StringBuilder();
        for (String kind : List.of("error", "failure", "skipped")) {
            NodeList nodes = testcase.getElementsByTagName(kind);
            for (int i = 0; i < nodes.getLength(); i++) {
                found.append(kind).append(": ").append(nodes.item(i).getTextContent());
            }
        }
        return found.toString();
    }
}
