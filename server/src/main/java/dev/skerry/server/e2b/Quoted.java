package dev.skerry.server.e2b;

/** What a client wrote, for the message that quotes it. */
final class Quoted {
    private static final int LENGTH_MAX = 100;

    private Quoted() {}

    static String of(String text) {
        if (text.length() <= LENGTH_MAX) {
            return text;
        }
        // Half of a surrogate pair could not be sent.
        int end = Character.isHighSurrogate(text.charAt(LENGTH_MAX - 1)) ? LENGTH_MAX - 1 : LENGTH_MAX;
        return text.substring(0, end) + "…";
    }
}
