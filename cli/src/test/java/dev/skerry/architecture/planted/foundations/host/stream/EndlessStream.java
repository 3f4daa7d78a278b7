package dev.skerry.architecture.planted.foundations.host.stream;

import dev.skerry.host.jobs.JobRunner;

/** Planted: a foundation knows the jobs. */
final class EndlessStream {
    Class<?> owner() {
        return JobRunner.class;
    }
}
