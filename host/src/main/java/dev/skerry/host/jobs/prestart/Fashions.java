package dev.skerry.host.jobs.prestart;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What most of the jobs of each kind were like lately, and so what the next ones are expected to be like. A few others
 * in between change nothing. Thread-safe.
 */
final class Fashions {
    /** Older jobs count half as much each time that so many have come. */
    private static final int MEMORY = 64;

    /** How much more often the new one must have been seen. */
    private static final int LEAD = 2;

    private final Map<String, Kind> kinds = new HashMap<>();

    /** Jobs of one template and language. */
    private static final class Kind {
        private final Map<Fashion, Integer> seen = new HashMap<>();
        private int count;
        private Optional<Fashion> usual = Optional.empty();

        void see(Fashion fashion) {
            if (++count == MEMORY) {
                count = 0;
                seen.replaceAll((each, times) -> times / 2);
                seen.values().removeIf(times -> times == 0);
            }
            int times = seen.merge(fashion, 1, Integer::sum);
            int before = usual.map(each -> seen.getOrDefault(each, 0)).orElse(0);
            if (usual.isEmpty() || times > LEAD * before) {
                usual = Optional.of(fashion);
            }
        }
    }

    synchronized void see(String kind, Fashion fashion) {
        kinds.computeIfAbsent(kind, each -> new Kind()).see(fashion);
    }

    /** Empty before the first job. */
    synchronized Optional<Fashion> usual(String kind) {
        return Optional.ofNullable(kinds.get(kind)).flatMap(each -> each.usual);
    }
}
