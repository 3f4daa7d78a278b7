package dev.skerry.host.jobs;

import java.util.Optional;
import java.util.Set;

/**
 * The two things that one must know of a Java source file to compile and start it, found by reading it without a
 * compiler: which class has the main method, and what the file must be called. Where the text misleads it, javac says
 * so to the user. Reading takes time in proportion to the text's length, whatever it says.
 */
final class JavaSource {
    private static final Set<String> TYPES = Set.of("class", "record", "enum", "interface");
    /** What may stand between {@code public} and those; of {@code non-sealed} and {@code @interface} each part. */
    private static final Set<String> BETWEEN = Set.of("final", "abstract", "sealed", "strictfp", "non", "-", "@");

    private String packageName = "";
    private Optional<String> first = Optional.empty();
    private Optional<String> current = Optional.empty();
    private Optional<String> withMain = Optional.empty();
    private Optional<String> publicType = Optional.empty();
    private boolean mainAtTop;
    private int depth;

    private JavaSource() {}

    static JavaSource read(String text) {
        var source = new JavaSource();
        var tokens = new JavaTokens(text);
        boolean isPublic = false;
        String beforeLast = "";
        String last = "";
        for (String token = tokens.next(); !token.isEmpty(); token = tokens.next()) {
            if (last.equals("package") && source.packageName.isEmpty()) {
                token = source.packageIs(token, tokens);
            }
            if (TYPES.contains(last) && JavaTokens.isWord(token)) {
                source.type(token, isPublic);
                token = "";
            } else if (token.equals("(") && last.equals("main") && beforeLast.equals("void")) {
                source.main();
            } else if (token.equals("{")) {
                source.depth++;
            } else if (token.equals("}")) {
                source.depth--;
            }
            isPublic = isPublicAfter(token, isPublic);
            beforeLast = last;
            last = token;
        }
        return source;
    }

    private static boolean isPublicAfter(String token, boolean isPublic) {
        boolean stays = isPublic && (BETWEEN.contains(token) || TYPES.contains(token));
        return stays || token.equals("public");
    }

    /** @return the first token after its name */
    private String packageIs(String start, JavaTokens tokens) {
        var name = new StringBuilder();
        String token = start;
        boolean more = true;
        while (more && JavaTokens.isWord(token)) {
            name.append(token).append('.');
            token = tokens.next();
            more = token.equals(".");
            token = more ? tokens.next() : token;
        }
        packageName = token.equals(";") ? name.toString() : "";
        return token;
    }

    private void type(String name, boolean isPublic) {
        if (depth == 0) {
            current = Optional.of(name);
            first = first.or(() -> current);
            publicType = publicType.isEmpty() && isPublic ? current : publicType;
        }
    }

    private void main() {
        mainAtTop |= depth == 0;
        withMain = withMain.isEmpty() && depth == 1 ? current : withMain;
    }

    /** The file's name without extension; javac insists that a public type's file is called like the type. */
    String fileStem(String given) {
        return publicType.orElse(given);
    }

    /** The class to start, qualified. */
    String mainClass(String fileStem) {
        // A main method outside any class (JEP 512) belongs to the implicit class that is named after the file.
        Optional<String> main = mainAtTop ? Optional.empty() : withMain.or(() -> first);
        return packageName + main.orElse(fileStem);
    }
}
