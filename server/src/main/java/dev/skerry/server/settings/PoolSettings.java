package dev.skerry.server.settings;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Sandboxes that are kept ready, for jobs and for who creates a sandbox.
 *
 * @param hitPercent of a hundred jobs, so many shall find one ready
 * @param idleBytes what those of one pool that wait may cost together
 * @param patience how long a job waits for one, where {@code miss} is to wait
 */
public record PoolSettings(List<PoolText> pools, int hitPercent, long idleBytes, Miss miss, Duration patience) {
    /** Nothing is kept ready until jobs come. */
    public static final PoolSettings DEFAULT = new PoolSettings(
            PoolText.list("base+python=0..8, base=0..8"), 95, 256L << 20, Miss.COLD, Duration.ofMillis(100));

    public PoolSettings {
        pools = List.copyOf(pools);
    }

    /** As a settings file has it: {@code cold}, {@code wait}, {@code refuse}. */
    public static Miss miss(String text) {
        return Arrays.stream(Miss.values())
                .filter(miss -> label(miss).equals(text))
                .findFirst()
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + text + "' is not what a job may do that finds no ready sandbox",
                        "use "
                                + Arrays.stream(Miss.values())
                                        .map(PoolSettings::label)
                                        .collect(Collectors.joining(", "))));
    }

    public static String label(Miss miss) {
        return miss.name().toLowerCase(Locale.ROOT);
    }

    /** As a settings file has them. */
    public String text() {
        return pools.stream().map(PoolText::toString).collect(Collectors.joining(", "));
    }

    public PoolSettings with(List<PoolText> others) {
        return new PoolSettings(others, hitPercent, idleBytes, miss, patience);
    }

    /**
     * For a host.
     *
     * @param sandboxes their level is that of pools that name none; what each may use before it is claimed, and what
     *     those for clients are, is what sandboxes are
     */
    public List<PoolPlan> plans(SandboxSettings sandboxes) {
        return pools.stream().map(pool -> plan(pool, sandboxes)).toList();
    }

    private PoolPlan plan(PoolText pool, SandboxSettings sandboxes) {
        return new PoolPlan(
                pool.template(),
                pool.isolation().orElse(sandboxes.isolation()),
                pool.forClients() ? Optional.empty() : pool.language(),
                sandboxes.memoryBytes(),
                pool.floor(),
                pool.cap(),
                hitPercent / 100.0,
                idleBytes,
                // A client has its sandbox sooner when one is made for it than by any wait.
                pool.forClients() ? Miss.COLD : miss,
                patience,
                pool.forClients() ? Optional.of(shape(sandboxes)) : Optional.empty(),
                pool.forClients() ? Optional.empty() : Optional.of(disk(sandboxes)));
    }

    /** Of all jobs: no request says another. */
    private static PoolPlan.Disk disk(SandboxSettings sandboxes) {
        return new PoolPlan.Disk(sandboxes.diskBytes(), sandboxes.diskInodes());
    }

    private static PoolPlan.Shape shape(SandboxSettings sandboxes) {
        return new PoolPlan.Shape(Privilege.SUDO, sandboxes.diskBytes(), sandboxes.diskInodes());
    }
}
