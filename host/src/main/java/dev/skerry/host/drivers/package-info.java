/**
 * Isolation drivers: each says how a sandbox of its level is started.
 *
 * <p>A {@link dev.skerry.host.drivers.Driver} turns a {@link dev.skerry.host.drivers.Launch} into a bundle on disk and
 * a {@link dev.skerry.host.drivers.ShimPlan}; the {@link dev.skerry.host.drivers.Spawner} forks a shim that carries the
 * plan out. What a sandbox does afterwards travels on its stream and is the same for all drivers.
 */
@NullMarked
package dev.skerry.host.drivers;

import org.jspecify.annotations.NullMarked;
