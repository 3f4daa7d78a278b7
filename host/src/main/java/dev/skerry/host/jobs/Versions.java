package dev.skerry.host.jobs;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Versions in the form of a semantic one: {@code 3.11.2}. */
final class Versions {
    static final Comparator<String> NEWEST_FIRST = (a, b) -> Arrays.compare(numbers(b), numbers(a));

    private static final int DIGITS_MAX = 9;
    private static final Pattern NUMBERS =
            Pattern.compile("(?<![\\w.])[vV]?(?:go)?(\\d{1,9})(?:\\.(\\d{1,9}))?(?:\\.(\\d{1,9}))?");

    private Versions() {}

    /** The first thing in what a tool prints that looks like one; what is missing of three numbers is 0. */
    static Optional<String> in(String text) {
        return NUMBERS.matcher(text)
                .results()
                .sorted(Comparator.comparing((MatchResult match) -> match.group(2) == null))
                .findFirst()
                .map(match -> match.group(1) + "." + part(match, 2) + "." + part(match, 3));
    }

    private static String part(MatchResult match, int group) {
        return match.group(group) == null ? "0" : match.group(group);
    }

    private static long[] numbers(String version) {
        return Arrays.stream(version.split("\\.", -1))
                .mapToLong(part -> part.matches("\\d{1," + DIGITS_MAX + "}") ? Long.parseLong(part) : 0)
                .toArray();
    }
}
