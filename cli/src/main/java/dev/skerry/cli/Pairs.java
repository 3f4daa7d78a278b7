package dev.skerry.cli;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Options of the form {@code NAME=VALUE}. */
final class Pairs {
    private Pairs() {}

    /** @throws Failure {@code INVALID_REQUEST} for one without a name or an equals sign */
    static Map<String, String> of(String option, List<String> entries, String hint) {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String entry : entries) {
            int equals = entry.indexOf('=');
            if (equals < 1) {
                throw new Failure(ErrorCode.INVALID_REQUEST, option + " '" + entry + "' has no value", hint);
            }
            pairs.put(entry.substring(0, equals), entry.substring(equals + 1));
        }
        return pairs;
    }

    static Map<String, String> environment(String option, List<String> entries) {
        return of(option, entries, "write NAME=VALUE; variables of this shell are never passed on by themselves");
    }
}
