package dev.skerry.host.pools;

/**
 * Says how many claims a second to expect: the mean of ten minutes, or of the last ten seconds or the last one where
 * those are so much above it that chance does not explain it. A class that submits at the same moment is believed with
 * its first claims, and forgotten after ten seconds. Takes the same memory however many claims there are. Not
 * thread-safe.
 */
final class Forecast {
    private static final long SECOND = 1_000_000_000L;

    /** Fewer claims are no herd, whatever came before. */
    private static final int HERD_MIN = 4;

    /** Of a Poisson distribution; one window in 30,000 is above it by chance. */
    private static final double DEVIATIONS = 4;

    private final Window moment = new Window(SECOND, 8);
    private final Window recent = new Window(10 * SECOND, 40);
    private final Window usual = new Window(600 * SECOND, 60);
    private boolean any;
    private long first;

    void claimed(long now) {
        if (!any) {
            any = true;
            first = now;
        }
        moment.add(now);
        recent.add(now);
        usual.add(now);
    }

    /** Claims a second. */
    double demand(long now) {
        double mean = mean(now);
        return Math.max(mean, Math.max(surge(recent, now, mean), surge(moment, now, mean)));
    }

    /** Whether more came within the last second than the usual demand explains. */
    boolean herd(long now) {
        return surge(moment, now, mean(now)) > 0;
    }

    private double mean(long now) {
        if (!any) {
            return 0;
        }
        double known = Math.clamp((now - first) / 1e9, recent.seconds(), usual.seconds());
        return usual.count(now) / known;
    }

    /** The rate in a window that is too full to be chance, else 0. */
    private static double surge(Window window, long now, double mean) {
        int count = window.count(now);
        double expected = mean * window.seconds();
        boolean real = count >= HERD_MIN && count > expected + DEVIATIONS * Math.sqrt(expected);
        return real ? count / window.seconds() : 0;
    }
}
