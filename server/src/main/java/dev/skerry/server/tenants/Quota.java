package dev.skerry.server.tenants;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.EnumMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * How much one tenant may have at a time.
 *
 * @param limits in the units of {@link Resource}; {@link #NONE} for no limit; what is absent is not said
 */
public record Quota(Map<Resource, Long> limits) {
    /** No limit. */
    public static final long NONE = -1;

    /** Says nothing, so limits nothing. */
    public static final Quota UNSAID = new Quota(Map.of());

    public Quota {
        limits = Map.copyOf(limits);
        limits.forEach((resource, limit) -> {
            if (limit < NONE) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "a quota of " + limit + " for '" + resource.field() + "' is none",
                        "use 0 or more, or -1 for no limit");
            }
        });
    }

    /** Empty: there is none. */
    public OptionalLong limit(Resource resource) {
        Long limit = limits.get(resource);
        return limit == null || limit == NONE ? OptionalLong.empty() : OptionalLong.of(limit);
    }

    /** What this one says, and for the rest what the other says. */
    public Quota over(Quota standard) {
        Map<Resource, Long> both = new EnumMap<>(Resource.class);
        both.putAll(standard.limits);
        both.putAll(limits);
        return new Quota(both);
    }
}
