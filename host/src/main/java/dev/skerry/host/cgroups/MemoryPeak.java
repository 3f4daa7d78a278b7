package dev.skerry.host.cgroups;

/**
 * The most memory that a sandbox held at one time, from some moment on. On cgroup v1 that counter is one for all, so a
 * newer one of the same sandbox starts this one anew. On v2 it is exact from kernel 6.12 on; before that the kernel
 * keeps a peak of the whole life only, and what is said here is that one if it rose, else what is held when it is asked
 * for.
 */
public interface MemoryPeak extends AutoCloseable {
    /** 0 once the groups are gone. */
    long bytes();

    @Override
    default void close() {}
}
