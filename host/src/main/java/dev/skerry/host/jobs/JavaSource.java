package dev.skerry.host.jobs;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The two things that one must know of a Java source file to compile and start it, found by reading it without a
 * compiler: which class has the main method, and what the file must be called. Where the text misleads it, javac says
 * so to the user.
 */
final class JavaSource {
    private static final Pattern NOT_CODE = Pattern.compile(
            "//[^\\n]*|/\\*.*?\\*/|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"|'(?:\\\\.|[^'\\\\\\n])*'",
            Pattern.DOTALL);
    private static final Pattern PACKAGE = Pattern.compile("^\\s*package\\s+([\\w.]+)\\s*;", Pattern.MULTILINE);
    private static final Pattern TOKEN = Pattern.compile("[{}]|(public\\s+)?(?:(?:final|abstract|sealed|strictfp)\\s+)*"
            + "\\b(?:class|record|enum|interface)\\s+(\\w+)|\\bvoid\\s+main\\s*\\(");

    private final String packageName;
    private final Optional<String> mainType;
    private final Optional<String> publicType;

    private JavaSource(String packageName, Optional<String> mainType, Optional<String> publicType) {
        this.packageName = packageName;
        this.mainType = mainType;
        this.publicType = publicType;
    }

    static JavaSource read(String text) {
        String code = NOT_CODE.matcher(text).replaceAll(" ");
        var packageLine = PACKAGE.matcher(code);
        var token = TOKEN.matcher(code);
        Optional<String> first = Optional.empty();
        Optional<String> current = Optional.empty();
        Optional<String> withMain = Optional.empty();
        Optional<String> publicType = Optional.empty();
        boolean mainAtTop = false;
        int depth = 0;
        while (token.find()) {
            if (token.group().equals("{")) {
                depth++;
            } else if (token.group().equals("}")) {
                depth--;
            } else if (token.group(2) == null) {
                mainAtTop |= depth == 0;
                withMain = withMain.isEmpty() && depth == 1 ? current : withMain;
            } else if (depth == 0) {
                current = Optional.of(token.group(2));
                first = first.isEmpty() ? current : first;
                publicType = publicType.isEmpty() && token.group(1) != null ? current : publicType;
            }
        }
        return new JavaSource(
                packageLine.find() ? packageLine.group(1) + "." : "",
                // A main method outside any class (JEP 512) belongs to the implicit class that is named after the file.
                mainAtTop
                        ? Optional.empty()
                        : withMain.or(() -> Optional.empty()).isPresent() ? withMain : first,
                publicType);
    }

    /** The file's name without extension; javac insists that a public type's file is called like the type. */
    String fileStem(String given) {
        return publicType.orElse(given);
    }

    /** The class to start, qualified. */
    String mainClass(String fileStem) {
        return packageName + mainType.orElse(fileStem);
    }
}
