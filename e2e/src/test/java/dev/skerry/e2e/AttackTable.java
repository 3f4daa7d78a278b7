package dev.skerry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The table of attacks of docs/SPEC.md: what clients get is looked up there, so that it says nothing else. */
final class AttackTable {
    private static final Path PAGE = ShippedServer.ROOT.resolve("docs/SPEC.md");
    private static final String HEADING = "## Attacks through the public API\n";
    private static final Pattern ROW = Pattern.compile("^\\| ([^|]+) \\| ([^|]+) \\| ([^|]+) \\|$", Pattern.MULTILINE);

    private AttackTable() {}

    static List<Attack> attacks() {
        return Stream.of(ProgramAttacks.all(), RequestAttacks.all(), ConnectionAttacks.all())
                .flatMap(List::stream)
                .toList();
    }

    /** Attack to what the client gets; {@code …} is for whatever is there. */
    static Map<String, String> rows() {
        String page;
        try {
            page = Files.readString(PAGE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int begin = page.indexOf(HEADING);
        int end = page.indexOf("\n## ", begin + 1);
        Matcher matcher = ROW.matcher(begin < 0 ? "" : page.substring(begin, end < 0 ? page.length() : end));
        Map<String, String> rows = new LinkedHashMap<>();
        while (matcher.find()) {
            if (!matcher.group(1).equals("attack")
                    && !matcher.group(1).startsWith("-")
                    && rows.put(matcher.group(1), matcher.group(3)) != null) {
                throw new AssertionError("twice in the table: " + matcher.group(1));
            }
        }
        return rows;
    }

    static Pattern pattern(String cell) {
        return Pattern.compile(
                Stream.of(cell.split("…", -1)).map(Pattern::quote).collect(Collectors.joining(".*")), Pattern.DOTALL);
    }
}
