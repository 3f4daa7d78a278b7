package dev.skerry.server.piston;

import java.math.BigInteger;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A semantic version; a build is not part of the order (semver.org, 2.0.0).
 *
 * @param pre of a version before the release: its parts; empty for a release
 */
record Version(long major, long minor, long patch, List<String> pre) implements Comparable<Version> {
    private static final String NUMBER = "(0|[1-9][0-9]{0,15})";
    private static final Pattern FORM = Pattern.compile("\\s*[v=]*\\s*" + NUMBER + "\\." + NUMBER + "\\." + NUMBER
            + "(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z.-]+)?\\s*");
    private static final Pattern DIGITS = Pattern.compile("[0-9]+");

    Version {
        pre = List.copyOf(pre);
    }

    static Version release(long major, long minor, long patch) {
        return new Version(major, minor, patch, List.of());
    }

    /** The smallest of all that come before a release. */
    Version beforeAll() {
        return new Version(major, minor, patch, List.of("0"));
    }

    static Optional<Version> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(new Version(
                Long.parseLong(matcher.group(1)),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3)),
                parts(Optional.ofNullable(matcher.group(4)))));
    }

    static List<String> parts(Optional<String> pre) {
        return pre.map(text -> List.of(text.split("\\.", -1))).orElse(List.of());
    }

    boolean sameRelease(Version other) {
        return major == other.major && minor == other.minor && patch == other.patch;
    }

    @Override
    public int compareTo(Version other) {
        int release = major != other.major
                ? Long.compare(major, other.major)
                : minor != other.minor ? Long.compare(minor, other.minor) : Long.compare(patch, other.patch);
        if (release != 0) {
            return release;
        }
        if (pre.isEmpty() || other.pre.isEmpty()) {
            return Boolean.compare(pre.isEmpty(), other.pre.isEmpty());
        }
        for (int i = 0; i < Math.min(pre.size(), other.pre.size()); i++) {
            int part = compare(pre.get(i), other.pre.get(i));
            if (part != 0) {
                return part;
            }
        }
        return Integer.compare(pre.size(), other.pre.size());
    }

    /** Numbers by value and before words. */
    private static int compare(String one, String other) {
        boolean number = DIGITS.matcher(one).matches();
        boolean otherNumber = DIGITS.matcher(other).matches();
        if (number && otherNumber) {
            return new BigInteger(one).compareTo(new BigInteger(other));
        }
        return number == otherNumber ? one.compareTo(other) : number ? -1 : 1;
    }
}
