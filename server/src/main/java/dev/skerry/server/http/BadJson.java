package dev.skerry.server.http;

import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.StreamConstraintsException;

/** Says where a text stops being JSON, in words of our own: those of the reader are about itself. */
public final class BadJson {
    private BadJson() {}

    /**
     * To be put after "is not JSON": {@code ": it goes wrong in line 1, column 2"}, or that it is more than is read
     * here; empty where nothing is known.
     */
    public static String place(JacksonException e) {
        if (e instanceof StreamConstraintsException) {
            return ": it is nested too deeply, or a name or a number in it is too long";
        }
        var place = e.getLocation();
        if (place == null || place.getLineNr() < 1 || place.getColumnNr() < 1) {
            return "";
        }
        return ": it goes wrong in line " + place.getLineNr() + ", column " + place.getColumnNr();
    }
}
