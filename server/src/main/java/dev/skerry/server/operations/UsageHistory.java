package dev.skerry.server.operations;

import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.Usage;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.Incarnation;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What sandboxes have used over the last quarter of an hour, measured every five seconds while they run. It is kept in
 * memory, some 15 KiB for each sandbox, and forgotten when a sandbox leaves its host. Thread-safe.
 */
public final class UsageHistory implements AutoCloseable {
    static final Duration PERIOD = Duration.ofSeconds(5);
    static final int SAMPLES_MAX = 180;

    private static final Logger LOG = LoggerFactory.getLogger(UsageHistory.class);

    private final HostAgent host;
    private final InstantSource clock;
    private final Duration period;
    private final ConcurrentHashMap<SandboxId, Series> series = new ConcurrentHashMap<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    /**
     * One measurement. Bytes.
     *
     * @param cpus in use on average since the measurement before, or since the sandbox was started
     */
    public record Sample(Instant at, double cpus, long memoryBytes, long cacheBytes, long diskBytes) {}

    public UsageHistory(HostAgent host, InstantSource clock) {
        this(host, clock, PERIOD);
    }

    UsageHistory(HostAgent host, InstantSource clock, Duration period) {
        this.host = host;
        this.clock = clock;
        this.period = period;
    }

    /** Adds what all sandboxes use together. */
    public void bindTo(ServerMetrics metrics) {
        metrics.gauge("skerry.sandboxes.measured", "Sandboxes that are measured.", series::size);
        metrics.gauge("skerry.sandboxes.cpus", "CPUs that sandboxes use.", () -> latest().mapToDouble(Sample::cpus)
                .sum());
        metrics.gauge("skerry.sandboxes.memory.bytes", "Memory that sandboxes use.", () -> latest().mapToLong(
                        Sample::memoryBytes)
                .sum());
        metrics.gauge(
                "skerry.sandboxes.disk.bytes", "Disk that sandboxes use.", () -> latest().mapToLong(Sample::diskBytes)
                        .sum());
    }

    private Stream<Sample> latest() {
        return series.values().stream().map(Series::samples).flatMap(samples -> samples.stream()
                .skip(Math.max(0, samples.size() - 1)));
    }

    /** Measures from now on, until it is closed. */
    public void start() {
        Thread.ofVirtual().name("usage").start(() -> {
            try {
                while (!closed.await(period.toMillis(), TimeUnit.MILLISECONDS)) {
                    measureAll();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    @Override
    public void close() {
        closed.countDown();
    }

    /** A host that cannot be asked now is asked again the next time. */
    void measureAll() {
        try {
            Set<SandboxId> there = new HashSet<>();
            for (HostedSandbox sandbox : host.list()) {
                if (sandbox.state() != HostedSandbox.State.ENDED) {
                    there.add(sandbox.incarnation().id());
                }
                if (sandbox.state() == HostedSandbox.State.RUNNING) {
                    measure(sandbox.incarnation());
                }
            }
            series.keySet().retainAll(there);
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("the use of sandboxes could not be measured");
        }
    }

    private void measure(Incarnation incarnation) {
        try {
            Usage usage = host.usage(incarnation);
            Instant now = clock.instant();
            series.compute(
                    incarnation.id(),
                    (_, known) -> known == null || known.generation != incarnation.generation()
                            ? new Series(incarnation.generation(), usage.cpuTime(), now)
                            : known.add(usage, now));
        } catch (Failure e) {
            // It ended or was paused meanwhile, which is no news here.
            LOG.atDebug().addKeyValue("sandbox", incarnation).setCause(e).log("not measured");
        }
    }

    /** Oldest first. Empty if the sandbox does not run, or runs for less than two periods. */
    public List<Sample> of(Incarnation incarnation) {
        return Optional.ofNullable(series.get(incarnation.id()))
                .filter(known -> known.generation == incarnation.generation())
                .map(Series::samples)
                .orElse(List.of());
    }

    /**
     * A measurement of this moment.
     *
     * @param since when the sandbox was started
     * @throws Failure what the host says
     */
    public Sample now(Incarnation incarnation, Instant since) {
        Usage usage = host.usage(incarnation);
        Instant now = clock.instant();
        return sample(usage, now, cpus(usage.cpuTime(), Duration.between(since, now)));
    }

    private static Sample sample(Usage usage, Instant at, double cpus) {
        return new Sample(at, cpus, usage.memoryBytes(), usage.cacheBytes(), usage.diskBytes());
    }

    /** Zero when no time has passed, or when the clock was set back. */
    private static double cpus(Duration used, Duration passed) {
        return passed.isPositive() && used.isPositive() ? (double) used.toNanos() / passed.toNanos() : 0;
    }

    /** Of one incarnation. The first look at it gives only a beginning: use is a difference. */
    private static final class Series {
        private final long generation;
        private final ArrayDeque<Sample> kept = new ArrayDeque<>();
        private Duration cpuTime;
        private Instant at;

        Series(long generation, Duration cpuTime, Instant at) {
            this.generation = generation;
            this.cpuTime = cpuTime;
            this.at = at;
        }

        synchronized Series add(Usage usage, Instant now) {
            kept.addLast(sample(usage, now, cpus(usage.cpuTime().minus(cpuTime), Duration.between(at, now))));
            if (kept.size() > SAMPLES_MAX) {
                kept.removeFirst();
            }
            cpuTime = usage.cpuTime();
            at = now;
            return this;
        }

        synchronized List<Sample> samples() {
            return List.copyOf(kept);
        }
    }
}
