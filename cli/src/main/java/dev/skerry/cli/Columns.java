package dev.skerry.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A table of text, each column as wide as its widest cell. */
final class Columns {
    private final List<List<String>> lines = new ArrayList<>();

    Columns(String... titles) {
        lines.add(List.of(titles));
    }

    /** What came from a sandbox may hold anything, but moves no cursor. */
    void add(String... cells) {
        lines.add(Stream.of(cells).map(Columns::plain).toList());
    }

    static String plain(String text) {
        return text.replaceAll("\\p{Cntrl}", "?");
    }

    @Override
    public String toString() {
        int[] widths = new int[lines.getFirst().size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        return lines.stream().map(line -> row(line, widths)).collect(Collectors.joining("\n"));
    }

    private static String row(List<String> cells, int[] widths) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < cells.size(); i++) {
            text.append(cells.get(i)).append(" ".repeat(widths[i] - cells.get(i).length() + 2));
        }
        return text.toString().stripTrailing();
    }
}
