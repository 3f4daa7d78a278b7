package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * A run of a program of scenarios. It prints a plan, {@code 1..N}, then a line for each: {@code ok NAME} or
 * {@code not ok NAME: MESSAGE}; lines that begin with {@code #} belong to the result before them, all others are noise.
 */
final class Suite {
    static final Path FOLDER = ShippedServer.ROOT.resolve("e2e/src/test/resources/suites");
    private static final Duration BOUND = Duration.ofMinutes(12);
    private static final int QUOTED_MAX = 8000;

    private Suite() {}

    /** @param failure absent if the scenario passed */
    record Outcome(String name, Optional<String> failure) {}

    /** @param plan how many there should be; absent if the program said nothing */
    record Report(Optional<Integer> plan, List<Outcome> outcomes) {
        Report {
            outcomes = List.copyOf(outcomes);
        }

        boolean isComplete() {
            return plan.isPresent() && plan.get() > 0 && plan.get() == outcomes.size();
        }
    }

    /** Runs it to the end; each scenario is a test, and so is that all have run. */
    static List<DynamicTest> tests(List<String> command, Map<String, String> environment) {
        String output;
        int code;
        try {
            Files.createDirectories(Path.of(environment.getOrDefault("HOME", "/tmp")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (Child child = Child.start(command, FOLDER, environment)) {
            code = child.await(BOUND);
            output = child.output();
        }
        Report report = read(output);
        List<DynamicTest> tests = new ArrayList<>();
        for (Outcome outcome : report.outcomes()) {
            tests.add(DynamicTest.dynamicTest(
                    outcome.name(), () -> outcome.failure().ifPresent(message -> {
                        throw new AssertionError(message);
                    })));
        }
        tests.add(DynamicTest.dynamicTest("all planned scenarios have run", () -> {
            assertThat(report.isComplete())
                    .as(
                            "plan %s, %d outcomes, exit code %d; the end of the output:\n%s",
                            report.plan(), report.outcomes().size(), code, tail(output))
                    .isTrue();
            boolean failed = report.outcomes().stream()
                    .anyMatch(outcome -> outcome.failure().isPresent());
            assertThat(code)
                    .as("exit code; the end of the output:\n%s", tail(output))
                    .isEqualTo(failed ? 1 : 0);
        }));
        return tests;
    }

    static Report read(String output) {
        Optional<Integer> plan = Optional.empty();
        List<Outcome> outcomes = new ArrayList<>();
        for (String line : output.lines().toList()) {
            if (plan.isEmpty() && line.matches("1\\.\\.\\d{1,4}")) {
                plan = Optional.of(Integer.parseInt(line.substring(3)));
            } else if (line.startsWith("ok ")) {
                outcomes.add(new Outcome(line.substring(3), Optional.empty()));
            } else if (line.startsWith("not ok ")) {
                int colon = line.indexOf(": ");
                String name = colon < 0 ? line.substring(7) : line.substring(7, colon);
                outcomes.add(new Outcome(name, Optional.of(colon < 0 ? "no reason given" : line.substring(colon + 2))));
            } else if (line.startsWith("#") && !outcomes.isEmpty()) {
                outcomes.addLast(withDetail(outcomes.removeLast(), line));
            }
        }
        return new Report(plan, outcomes);
    }

    private static Outcome withDetail(Outcome outcome, String line) {
        return new Outcome(outcome.name(), outcome.failure().map(message -> message + "\n" + line));
    }

    private static String tail(String output) {
        return output.substring(Math.max(0, output.length() - QUOTED_MAX));
    }

    /** The files of all suites. */
    static List<Path> programs() {
        try (Stream<Path> files = Files.walk(FOLDER)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
