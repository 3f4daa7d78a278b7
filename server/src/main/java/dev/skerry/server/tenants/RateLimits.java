package dev.skerry.server.tenants;

import dev.skerry.wire.Failure;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often each key, or each client that has none, may ask. Somebody is let ask so many times in a second on average,
 * and {@value #BURST} times that at once. Of each kind so many are remembered at most; who is forgotten, because others
 * came since, begins with a full bucket. Thread-safe.
 */
public final class RateLimits {
    /** Nothing is limited. */
    public static final Map<Traffic, Long> NONE = Map.of();

    static final int BURST = 5;
    private static final int REMEMBERED_MAX = 10_000;
    private static final int PREFIX_BYTES = 8;

    private final Map<Traffic, Lane> lanes = new EnumMap<>(Traffic.class);
    private final InstantSource clock;

    /** @param perSecond what is absent is not limited */
    public RateLimits(Map<Traffic, Long> perSecond, InstantSource clock) {
        this.clock = clock;
        perSecond.forEach((traffic, rate) -> lanes.put(traffic, new Lane(traffic, rate)));
    }

    /** Of one kind. */
    private static final class Lane extends LinkedHashMap<String, TokenBucket> {
        private static final long serialVersionUID = 1L;

        private final transient Traffic traffic;
        private final long perSecond;

        Lane(Traffic traffic, long perSecond) {
            super(16, 0.75f, true);
            this.traffic = traffic;
            this.perSecond = perSecond;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, TokenBucket> eldest) {
            return size() > REMEMBERED_MAX;
        }
    }

    /**
     * Counts a request.
     *
     * @param who the id of a key, or a client's {@link #network}
     * @throws Failure {@code LIMIT_EXCEEDED}, with the time after which it is worth asking again
     */
    public void pass(Traffic traffic, String who) {
        ask(traffic, who, true);
    }

    /** Counts a request of a client that is known by nothing but its address. */
    public void passFrom(Traffic traffic, String address) {
        if (lanes.containsKey(traffic)) {
            pass(traffic, network(address));
        }
    }

    /** Likewise, for one that is counted later, if at all. */
    public void look(Traffic traffic, String who) {
        ask(traffic, who, false);
    }

    private void ask(Traffic traffic, String who, boolean takes) {
        Lane lane = lanes.get(traffic);
        if (lane == null) {
            return;
        }
        Duration wait;
        synchronized (lane) {
            double rate = (double) lane.perSecond;
            TokenBucket bucket = lane.computeIfAbsent(who, _ -> new TokenBucket(rate * BURST, clock.instant()));
            wait = takes
                    ? bucket.take(rate, rate * BURST, clock.instant())
                    : bucket.look(rate, rate * BURST, clock.instant());
        }
        if (!wait.isZero()) {
            throw Failure.limited(
                    "more than " + lane.perSecond + " " + lane.traffic.words() + " in a second",
                    "ask less often; the operator sets the rate",
                    wait);
        }
    }

    /** How many are remembered of that kind. */
    int remembered(Traffic traffic) {
        Lane lane = lanes.get(traffic);
        if (lane == null) {
            return 0;
        }
        synchronized (lane) {
            return lane.size();
        }
    }

    /** Whom an address belongs to: of IPv6 everybody has 2 to the power of 64. */
    public static String network(String address) {
        String bare = address.startsWith("[") ? address.substring(1, address.indexOf(']')) : address;
        int zone = bare.indexOf('%');
        try {
            InetAddress parsed = InetAddress.ofLiteral(zone < 0 ? bare : bare.substring(0, zone));
            return parsed instanceof Inet6Address
                    ? HexFormat.of().formatHex(Arrays.copyOf(parsed.getAddress(), PREFIX_BYTES))
                    : parsed.getHostAddress();
        } catch (IllegalArgumentException e) {
            return address;
        }
    }
}
