package dev.skerry.server.e2b;

/** What a client wrote, for the message that quotes it. */
final class Quoted {
    private static final int LENGTH_MAX = 100;

    private Quoted() {}

    static String of(String text) {
        return text.length() <= LENGTH_MAX ? text : text.substring(0, LENGTH_MAX) + "…";
    }
}
