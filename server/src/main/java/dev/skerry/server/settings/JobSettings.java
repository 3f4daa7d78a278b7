package dev.skerry.server.settings;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How many programs run at a time, and who waits for how long.
 *
 * @param concurrent that run at a time; empty: two for each processor, as one works while the other's sandbox is made
 * @param queued that wait, of all tenants
 * @param queuedOfTenant that wait, of one
 * @param weights shares of tenants when there is not enough for all; 1 where nothing is said
 * @param keep how long the results of what was handed in to be run later are kept
 * @param trust how strongly they must be walled off
 */
public record JobSettings(
        OptionalInt concurrent,
        int queued,
        int queuedOfTenant,
        Map<TenantId, Integer> weights,
        Duration keep,
        TrustPolicy trust) {
    public static final int WEIGHT_MAX = 1000;

    public static final JobSettings DEFAULT =
            new JobSettings(OptionalInt.empty(), 10_000, 2_500, Map.of(), Duration.ofDays(1), TrustPolicy.NONE);

    private static final String AUTO = "auto";
    private static final int CONCURRENT_MAX = 4096;

    public JobSettings {
        weights = Map.copyOf(weights);
    }

    /** On this machine. */
    public int slots() {
        return concurrent.orElse(2 * Runtime.getRuntime().availableProcessors());
    }

    public int weight(String tenant) {
        return weights.getOrDefault(new TenantId(tenant), 1);
    }

    /** @throws Failure {@code INVALID_REQUEST} */
    public static OptionalInt concurrent(String text) {
        if (text.equals(AUTO)) {
            return OptionalInt.empty();
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= 1 && number <= CONCURRENT_MAX) {
                return OptionalInt.of(number);
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new Failure(
                ErrorCode.INVALID_REQUEST,
                "'" + text + "' is not a number of jobs",
                "write \"auto\" or a number from 1 to " + CONCURRENT_MAX + " in quotes");
    }

    /** @throws Failure {@code INVALID_REQUEST} */
    public static Map<TenantId, Integer> weights(String text) {
        Map<TenantId, Integer> weights = new TreeMap<>(Comparator.comparing(TenantId::text));
        for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
            String[] sides = part.strip().split("=", -1);
            try {
                int weight = sides.length == 2 ? Integer.parseInt(sides[1]) : 0;
                if (weight >= 1 && weight <= WEIGHT_MAX) {
                    weights.put(new TenantId(sides[0]), weight);
                    continue;
                }
            } catch (NumberFormatException e) {
                // Said below.
            }
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + part.strip() + "' is not a tenant's weight",
                    "write TENANT=NUMBER, from 1 to " + WEIGHT_MAX + ", with commas between them");
        }
        return weights;
    }

    /** As {@link #weights(String)} reads it. */
    public String weightsText() {
        return weights.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .sorted()
                .collect(Collectors.joining(", "));
    }
}
