package dev.skerry.host.jobs;

/**
 * The words and signs of a Java source file, without comments and literals, in one pass over its characters. The text
 * may be hostile: whatever it says, each character is looked at a bounded number of times, and nothing recurses. What
 * is opened and never closed is read as code. Used by one thread.
 */
final class JavaTokens {
    private static final String TEXT_BLOCK = "\"\"\"";
    private static final int NONE = -1;

    private final String text;
    private final int lastCommentEnd;
    private boolean textBlocksEnd = true;
    /** Up to there no such literal ends: one was seen that is still open there. */
    private int openString;

    private int openCharacter;
    private int at;

    JavaTokens(String text) {
        this.text = text;
        this.lastCommentEnd = text.lastIndexOf("*/");
    }

    /** Whether this is a word, or a number, and not a sign. */
    static boolean isWord(String token) {
        return !token.isEmpty() && Character.isJavaIdentifierPart(token.codePointAt(0));
    }

    /** A whole word, or one other character; empty at the end. */
    String next() {
        skip();
        int start = at;
        while (at < text.length() && Character.isJavaIdentifierPart(text.codePointAt(at))) {
            at += Character.charCount(text.codePointAt(at));
        }
        if (at == start && at < text.length()) {
            at++;
        }
        return text.substring(start, at);
    }

    /** Over white space, comments and literals. */
    private void skip() {
        int end = at;
        while (end != NONE) {
            at = end;
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
            end = endOfWhatIsNoCode();
        }
    }

    private int endOfWhatIsNoCode() {
        char first = at < text.length() ? text.charAt(at) : ' ';
        return switch (first) {
            case '/' -> endOfComment();
            case '"' -> textBlocksEnd && text.startsWith(TEXT_BLOCK, at) ? endOfTextBlock() : endOfString();
            case '\'' -> endOfCharacter();
            default -> NONE;
        };
    }

    private int endOfComment() {
        if (text.startsWith("//", at)) {
            int end = at;
            while (end < text.length() && !isLineEnd(text.charAt(end))) {
                end++;
            }
            return end;
        }
        boolean closed = text.startsWith("/*", at) && lastCommentEnd >= at + 2;
        return closed ? text.indexOf("*/", at + 2) + 2 : NONE;
    }

    private int endOfTextBlock() {
        for (int i = at + TEXT_BLOCK.length(); i < text.length(); i++) {
            if (text.startsWith(TEXT_BLOCK, i)) {
                return i + TEXT_BLOCK.length();
            }
            if (text.charAt(i) == '\\') {
                i++;
            }
        }
        textBlocksEnd = false;
        return endOfString();
    }

    private int endOfString() {
        if (at < openString) {
            return NONE;
        }
        int end = endOfLiteral('"');
        openString = isAt('"', end) ? openString : end;
        return isAt('"', end) ? end + 1 : NONE;
    }

    private int endOfCharacter() {
        if (at < openCharacter) {
            return NONE;
        }
        int end = endOfLiteral('\'');
        openCharacter = isAt('\'', end) ? openCharacter : end;
        return isAt('\'', end) ? end + 1 : NONE;
    }

    private boolean isAt(char quote, int index) {
        return index < text.length() && text.charAt(index) == quote;
    }

    /** Where the quote is that closes what begins here, or else where its line ends. */
    private int endOfLiteral(char quote) {
        int end = at + 1;
        while (end < text.length() && text.charAt(end) != quote && !isLineEnd(text.charAt(end))) {
            end += text.charAt(end) == '\\' ? 2 : 1;
        }
        return end;
    }

    private static boolean isLineEnd(char character) {
        return character == '\n' || character == '\r';
    }
}
