package dev.skerry.server.database;

/** A password, which shows itself to nobody who prints it. */
public record Password(String text) {
    @Override
    public String toString() {
        return "(hidden)";
    }
}
