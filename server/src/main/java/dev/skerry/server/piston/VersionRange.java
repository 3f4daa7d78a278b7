package dev.skerry.server.piston;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which versions are meant, as npm writes it: {@code *}, {@code 3.x}, {@code ^3.10}, {@code ~3.11.2}, {@code >=3 <4},
 * {@code 3.9 - 3.11}, {@code 2 || 3} (node-semver, README, "Ranges"). Versions before a release are meant only where
 * one of the same release is named.
 *
 * @param choices alternatives, each of bounds that hold together; none of bounds: every release
 */
record VersionRange(List<List<Bound>> choices) {
    private static final int LENGTH_MAX = 256;
    private static final String PART = "(0|[1-9][0-9]{0,8}|[xX*])";
    private static final Pattern SIMPLE = Pattern.compile("(>=|<=|>|<|=|~>|~|\\^|)[v=]*" + PART + "(?:\\." + PART
            + "(?:\\." + PART + "(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z.-]+)?)?)?");
    private static final Pattern SPACED = Pattern.compile("(>=|<=|>|<|=|~>|~|\\^)\\s+");
    private static final Pattern HYPHEN = Pattern.compile("(\\S+)\\s+-\\s+(\\S+)");
    private static final Bound NOTHING =
            new Bound(Relation.BELOW, Version.release(0, 0, 0).beforeAll());

    VersionRange {
        choices = choices.stream().map(List::copyOf).toList();
    }

    private enum Relation {
        BELOW,
        UP_TO,
        IS,
        FROM,
        ABOVE
    }

    /** One comparison. */
    record Bound(Relation relation, Version version) {
        boolean holds(Version other) {
            int order = other.compareTo(version);
            return switch (relation) {
                case BELOW -> order < 0;
                case UP_TO -> order <= 0;
                case IS -> order == 0;
                case FROM -> order >= 0;
                case ABOVE -> order > 0;
            };
        }
    }

    /** A version with parts that are left open; those after an open one are open too. */
    private record Partial(Optional<Long> major, Optional<Long> minor, Optional<Long> patch, List<String> pre) {
        static Partial of(Matcher matcher) {
            Optional<Long> major = part(matcher.group(2));
            Optional<Long> minor = major.isEmpty() ? Optional.empty() : part(matcher.group(3));
            Optional<Long> patch = minor.isEmpty() ? Optional.empty() : part(matcher.group(4));
            return new Partial(
                    major,
                    minor,
                    patch,
                    patch.isEmpty() ? List.of() : Version.parts(Optional.ofNullable(matcher.group(5))));
        }

        private static Optional<Long> part(String text) {
            return Optional.ofNullable(text)
                    .filter(some -> Character.isDigit(some.charAt(0)))
                    .map(Long::parseLong);
        }

        boolean whole() {
            return patch.isPresent();
        }

        Version least() {
            return new Version(major.orElse(0L), minor.orElse(0L), patch.orElse(0L), pre);
        }

        /** The first that does not fit any more. */
        Version next() {
            return minor.isEmpty() ? nextMajor() : nextMinor();
        }

        Version nextMajor() {
            return Version.release(major.orElseThrow() + 1, 0, 0);
        }

        Version nextMinor() {
            return Version.release(major.orElseThrow(), minor.orElseThrow() + 1, 0);
        }
    }

    /** Empty for what is no range. */
    static Optional<VersionRange> parse(String text) {
        if (text.length() > LENGTH_MAX) {
            return Optional.empty();
        }
        List<List<Bound>> choices = new ArrayList<>();
        for (String choice : text.split("\\|\\|", -1)) {
            Optional<List<Bound>> bounds = choice(choice.strip());
            if (bounds.isEmpty()) {
                return Optional.empty();
            }
            choices.add(bounds.get());
        }
        return Optional.of(new VersionRange(choices));
    }

    private static Optional<List<Bound>> choice(String text) {
        Matcher hyphen = HYPHEN.matcher(text);
        String plain = hyphen.matches() ? ">=" + hyphen.group(1) + " <=" + hyphen.group(2) : text;
        List<Bound> bounds = new ArrayList<>();
        for (String word : SPACED.matcher(plain).replaceAll("$1").split("\\s+", -1)) {
            Matcher simple = SIMPLE.matcher(word);
            if (word.isEmpty()) {
                continue;
            }
            if (!simple.matches()) {
                return Optional.empty();
            }
            bounds.addAll(bounds(simple.group(1), Partial.of(simple)));
        }
        return Optional.of(bounds);
    }

    private static List<Bound> bounds(String operator, Partial version) {
        if (version.major().isEmpty()) {
            return operator.equals("<") || operator.equals(">") ? List.of(NOTHING) : List.of();
        }
        Version least = version.least();
        return switch (operator) {
            case ">" ->
                version.whole()
                        ? List.of(new Bound(Relation.ABOVE, least))
                        : List.of(new Bound(Relation.FROM, version.next()));
            case ">=" -> List.of(new Bound(Relation.FROM, least));
            case "<" -> List.of(new Bound(Relation.BELOW, version.whole() ? least : least.beforeAll()));
            case "<=" ->
                version.whole()
                        ? List.of(new Bound(Relation.UP_TO, least))
                        : List.of(new Bound(Relation.BELOW, version.next().beforeAll()));
            case "~", "~>" -> between(least, version.next());
            case "^" -> between(least, afterCaret(version));
            default -> version.whole() ? List.of(new Bound(Relation.IS, least)) : between(least, version.next());
        };
    }

    private static List<Bound> between(Version least, Version end) {
        return List.of(new Bound(Relation.FROM, least), new Bound(Relation.BELOW, end.beforeAll()));
    }

    /** Nothing left of the leftmost part that is not 0 may change. */
    private static Version afterCaret(Partial version) {
        if (version.major().orElseThrow() > 0 || version.minor().isEmpty()) {
            return version.nextMajor();
        }
        if (version.minor().get() > 0 || !version.whole()) {
            return version.nextMinor();
        }
        return Version.release(0, 0, version.patch().orElseThrow() + 1);
    }

    boolean has(Version version) {
        return choices.stream().anyMatch(bounds -> fits(bounds, version));
    }

    private static boolean fits(List<Bound> bounds, Version version) {
        return bounds.stream().allMatch(bound -> bound.holds(version))
                && (version.pre().isEmpty()
                        || bounds.stream()
                                .map(Bound::version)
                                .anyMatch(named -> !named.pre().isEmpty() && named.sameRelease(version)));
    }
}
