package dev.skerry.bench.chaos;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What there was when everything had come to rest.
 *
 * @param rows of the table of sandboxes, by id
 * @param ends events of the kind ENDED, in the order of the table
 * @param listed ids that the API lists
 * @param probes what came of looking into sandboxes that clients know, by id; empty: all was well
 * @param missing things on the host that a sandbox should have and has not
 * @param left things on the host that nobody should have
 * @param leftAtTheEnd the same, after all sandboxes were ended
 */
record Facts(
        Map<String, Row> rows,
        List<End> ends,
        Set<String> listed,
        Map<String, String> probes,
        Set<String> missing,
        Set<String> left,
        Set<String> leftAtTheEnd) {

    Facts {
        rows = Map.copyOf(rows);
        ends = List.copyOf(ends);
        listed = Set.copyOf(listed);
        probes = Map.copyOf(probes);
        missing = Set.copyOf(missing);
        left = Set.copyOf(left);
        leftAtTheEnd = Set.copyOf(leftAtTheEnd);
    }

    /** @param endsAt milliseconds since 1970 */
    record Row(boolean live, String state, String reason, long endsAt) {}

    /** @param at milliseconds since 1970 */
    record End(String sandbox, long at, String detail) {}
}
