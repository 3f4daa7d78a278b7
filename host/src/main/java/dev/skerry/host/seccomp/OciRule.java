package dev.skerry.host.seccomp;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One rule in the OCI form. Its comparisons are of 64 bits, and entries for the same call are alternatives; so a
 * condition on the low 32 bits becomes masked comparisons, and "none of these values" the set of all other prefixes.
 */
final class OciRule {
    private OciRule() {}

    /** Everything that the low 32 bits may be when masked with {@code mask}. */
    private record Prefix(int mask, int value) {
        boolean covers(int number) {
            return (number & mask) == value;
        }
    }

    static List<Map<String, Object>> of(List<String> names, SyscallRule rule) {
        return switch (rule) {
            case SyscallRule.Always(var verdict) -> List.of(always(names, verdict));
            case SyscallRule.NoneSet(var argument, var mask) ->
                List.of(masked(always(names, Ruling.ALLOW), argument, new Prefix(mask, 0)));
            case SyscallRule.OneOf(var argument, var values, var otherwise) -> {
                var entries = new ArrayList<Map<String, Object>>();
                values.forEach(
                        value -> entries.add(masked(always(names, Ruling.ALLOW), argument, new Prefix(-1, value))));
                if (!otherwise.equals(Ruling.EPERM)) { // which is the default
                    others(values).forEach(prefix -> entries.add(masked(always(names, otherwise), argument, prefix)));
                }
                yield entries;
            }
            case SyscallRule.NoneOf(var argument, var values) ->
                others(values).stream()
                        .map(prefix -> masked(always(names, Ruling.ALLOW), argument, prefix))
                        .toList();
            case SyscallRule.Either(var one, var other) -> {
                var alternatives = new ArrayList<>(of(names, one));
                alternatives.addAll(of(names, other));
                yield alternatives;
            }
        };
    }

    private static List<Prefix> others(List<Integer> values) {
        var found = new ArrayList<Prefix>();
        collectOthers(new Prefix(0, 0), Integer.MIN_VALUE, values, found);
        return found;
    }

    /** Splits a prefix at its next bit until a part has none of the values, or is one. */
    private static void collectOthers(Prefix prefix, int nextBit, List<Integer> values, List<Prefix> found) {
        if (values.stream().noneMatch(prefix::covers)) {
            found.add(prefix);
        } else if (nextBit != 0) {
            int mask = prefix.mask() | nextBit;
            collectOthers(new Prefix(mask, prefix.value()), nextBit >>> 1, values, found);
            collectOthers(new Prefix(mask, prefix.value() | nextBit), nextBit >>> 1, values, found);
        }
    }

    private static Map<String, Object> always(List<String> names, Ruling verdict) {
        var json = new LinkedHashMap<String, Object>();
        json.put("names", names);
        json.put("action", verdict.errno() == 0 ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO");
        if (verdict.errno() != 0) {
            json.put("errnoRet", verdict.errno());
        }
        return json;
    }

    private static Map<String, Object> masked(Map<String, Object> json, int argument, Prefix prefix) {
        var condition = new LinkedHashMap<String, Object>();
        condition.put("index", argument);
        condition.put("value", Integer.toUnsignedLong(prefix.mask()));
        condition.put("valueTwo", Integer.toUnsignedLong(prefix.value()));
        condition.put("op", "SCMP_CMP_MASKED_EQ");
        json.put("args", List.of(condition));
        return json;
    }
}
