package dev.skerry.testkit;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * What CONTRIBUTING.md asks of the files themselves. Each rule takes paths relative to the repository's root, with
 * {@code /}, and text, and returns what it found, a line for each.
 */
final class TidyRules {
    private static final int LINES_MAX = 400;
    private static final int COLUMNS_MAX = 120;
    private static final Pattern SOURCE = Pattern.compile(".*\\.(java|c|h|py)");
    /** Written by programs, or by somebody else. */
    private static final Pattern DATA = Pattern.compile(".*\\.(json|svg)|.*/kept/.*\\.sql|LICENSE");

    private static final Pattern MARKER = Pattern.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX)\\b");
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");
    private static final Pattern CODE_SPAN = Pattern.compile("`[^`]*`");
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*)");
    private static final Pattern NAMED_TEST =
            Pattern.compile("`(?:(\\w+(?:Test|IT))|([A-Z]\\w*)\\.([a-z]\\w*)|(\\w+\\.py))`");
    private static final Pattern DOCUMENTED_PACKAGE = Pattern.compile("(?s).*/\\*\\*.*\\*/.*\\bpackage [\\w.]+;.*");

    private TidyRules() {}

    static List<String> length(String path, String text) {
        long lines = text.lines().count();
        return SOURCE.matcher(path).matches() && lines > LINES_MAX
                ? List.of(path + ": " + lines + " lines, at most " + LINES_MAX)
                : List.of();
    }

    /** Tables of Markdown cannot be broken, nor can a link that stands alone. */
    static List<String> columns(String path, String text) {
        if (DATA.matcher(path).matches()) {
            return List.of();
        }
        boolean prose = path.endsWith(".md");
        return lines(path, text, "more than " + COLUMNS_MAX + " columns", line -> {
            boolean whole = prose && (line.startsWith("|") || !line.strip().contains(" "));
            return line.codePointCount(0, line.length()) > COLUMNS_MAX && !whole;
        });
    }

    static List<String> markers(String path, String text) {
        return lines(path, text, "unfinished", line -> MARKER.matcher(line).find());
    }

    static List<String> tabs(String path, String text) {
        return path.endsWith(".java") ? lines(path, text, "a tab", line -> line.contains("\t")) : List.of();
    }

    static List<String> trailingSpace(String path, String text) {
        return lines(path, text, "white space at the end", line -> !line.stripTrailing()
                .equals(line));
    }

    static List<String> lastLine(String path, String text) {
        boolean good = text.isEmpty() || (text.endsWith("\n") && !text.endsWith("\n\n"));
        return good ? List.of() : List.of(path + ": does not end with one newline");
    }

    /** Nothing outside the repository is part of it. */
    static List<String> outside(String path, String text) {
        return lines(path, text, "names a folder beside the repository", line -> line.contains("../" + "shared"));
    }

    private static List<String> lines(String path, String text, String finding, Predicate<String> bad) {
        List<String> found = new ArrayList<>();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            if (bad.test(line)) {
                found.add(path + ":" + number + ": " + finding);
            }
        }
        return found;
    }

    static List<String> packages(Map<String, String> files) {
        Set<String> found = new TreeSet<>();
        for (String path : files.keySet()) {
            if (path.contains("src/main/") && path.endsWith(".java")) {
                String info = folderOf(path) + "package-info.java";
                if (!DOCUMENTED_PACKAGE.matcher(files.getOrDefault(info, "")).matches()) {
                    found.add(info + ": missing, or without Javadoc");
                }
            }
        }
        return List.copyOf(found);
    }

    /** Relative links of Markdown files, and their anchors as GitHub makes them from headings. */
    static List<String> links(Map<String, String> files) {
        List<String> found = new ArrayList<>();
        files.forEach((path, text) -> {
            if (path.endsWith(".md")) {
                var link = LINK.matcher(CODE_SPAN.matcher(withoutFences(text)).replaceAll(""));
                while (link.find()) {
                    if (!link.group(1).matches("[a-z]+:.*") && !resolves(path, link.group(1), files)) {
                        found.add(path + ": leads nowhere: " + link.group(1));
                    }
                }
            }
        });
        return found;
    }

    private static boolean resolves(String from, String link, Map<String, String> files) {
        int hash = link.indexOf('#');
        String target = hash < 0 ? link : link.substring(0, hash);
        String path = target.isEmpty() ? from : normalized(folderOf(from) + target);
        String anchor = hash < 0 ? "" : link.substring(hash + 1);
        if (!anchor.isEmpty()) {
            return files.containsKey(path) && anchors(files.get(path)).contains(anchor);
        }
        String folder = path.isEmpty() || path.endsWith("/") ? path : path + "/";
        return files.containsKey(path)
                || files.keySet().stream().anyMatch(file -> !folder.isEmpty() && file.startsWith(folder));
    }

    private static Set<String> anchors(String text) {
        Set<String> anchors = new HashSet<>();
        withoutFences(text).lines().map(HEADING::matcher).forEach(heading -> {
            if (heading.matches()) {
                String words = heading.group(1).strip().toLowerCase(Locale.ROOT);
                String anchor = words.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-');
                for (int copy = 1; !anchors.add(copy == 1 ? anchor : anchor + "-" + (copy - 1)); copy++) {}
            }
        });
        return anchors;
    }

    private static String withoutFences(String text) {
        return text.replaceAll("(?ms)^ *```.*?^ *```$", "");
    }

    private static String folderOf(String path) {
        return path.substring(0, path.lastIndexOf('/') + 1);
    }

    private static String normalized(String path) {
        String before = path.replaceAll("(^|/)\\./", "$1");
        String after = before.replaceFirst("(^|/)(?!\\.\\./)[^/]+/\\.\\.(/|$)", "$1");
        return after.equals(path) ? path : normalized(after);
    }

    /** Classes, methods and attack scripts that a document names as what shows its promises. */
    static List<String> namedTests(String document, Map<String, String> files) {
        List<String> found = new ArrayList<>();
        var named = NAMED_TEST.matcher(withoutFences(files.getOrDefault(document, "")));
        while (named.find()) {
            String name = named.group().replace("`", "");
            boolean there = named.group(4) != null
                    ? isThere(files, name, "")
                    : named.group(1) != null
                            ? isThere(files, name + ".java", "class " + name)
                            : isThere(files, named.group(2) + ".java", " " + named.group(3) + "(");
            if (!there) {
                found.add(document + ": there is no " + name);
            }
        }
        return found;
    }

    private static boolean isThere(Map<String, String> files, String name, String content) {
        return files.entrySet().stream()
                .anyMatch(file ->
                        file.getKey().endsWith("/" + name) && file.getValue().contains(content));
    }
}
