package dev.skerry.wire.jobs;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line of the file {@link #INDEX} in a folder of packages: a language, and the archive of the image that brings it.
 * The fields are those of Piston's own index, with a file's name where that has an address.
 *
 * @param version in the form of a semantic version
 * @param sha256 of the archive, in hexadecimal digits, lower case
 * @param archive the name of a file beside the index
 */
public record PackageLine(String language, String version, String sha256, String archive) {
    public static final String INDEX = "index";

    private static final Pattern FORM = Pattern.compile(
            "([a-z][a-z0-9.+#-]{0,63}),([0-9][0-9a-z.-]{0,63}),([0-9a-f]{64}),([A-Za-z0-9][A-Za-z0-9_.+-]{0,254})");

    /** Empty for what is none. */
    public static Optional<PackageLine> parse(String line) {
        Matcher fields = FORM.matcher(line.strip());
        return fields.matches()
                ? Optional.of(new PackageLine(fields.group(1), fields.group(2), fields.group(3), fields.group(4)))
                : Optional.empty();
    }

    /** Whether it is passed over: an empty one, or a comment. */
    public static boolean saysNothing(String line) {
        return line.isBlank() || line.startsWith("#");
    }

    public String text() {
        return String.join(",", language, version, sha256, archive);
    }

    /** Whether an index has room for only one of the two. */
    public boolean replaces(PackageLine other) {
        return language.equals(other.language) && version.equals(other.version);
    }
}
