package dev.skerry.cli;

import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How strongly a server's settings want sandboxes to be walled off.
 *
 * @param floors by what demands them, as it is said to people; not the weakest level: a machine that lacks that one has
 *     no driver at all, which no setting mends
 */
record DemandedLevels(Map<String, Isolation> floors) {
    static DemandedLevels of(ServerSettings settings) {
        Map<String, Isolation> floors = new LinkedHashMap<>();
        floors.put("'sandboxes.isolation'", settings.sandboxes().isolation());
        settings.jobs().trust().rules().forEach(rule -> floors.put("'jobs.trust', rule " + rule + ",", rule.floor()));
        settings.pools().pools().forEach(pool -> pool.isolation()
                .ifPresent(level -> floors.put("'jobs.pools', pool " + pool + ",", level)));
        PistonSettings piston = settings.piston();
        if (piston.listen().isPresent() && piston.anonymous()) {
            floors.put("'piston.anonymous-isolation'", piston.anonymousIsolation());
        }
        floors.values().removeIf(floor -> floor == Isolation.CONTAINER);
        return new DemandedLevels(floors);
    }

    /**
     * @param levels of this machine's drivers
     * @throws Failure {@code INVALID_REQUEST}, naming all that is demanded and not there
     */
    void require(List<Isolation> levels) {
        List<String> missing = floors.entrySet().stream()
                .filter(demand -> levels.stream().noneMatch(level -> level.satisfies(demand.getValue())))
                .map(demand ->
                        demand.getKey() + " is " + demand.getValue().label() + ", for which this machine has no driver")
                .toList();
        if (!missing.isEmpty()) {
            String there = levels.isEmpty()
                    ? "none"
                    : levels.stream().map(Isolation::label).collect(Collectors.joining(", "));
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the settings are wrong:\n" + String.join("\n", missing) + "\nit has: " + there,
                    "'./skerry doctor' says what is missing");
        }
    }
}
