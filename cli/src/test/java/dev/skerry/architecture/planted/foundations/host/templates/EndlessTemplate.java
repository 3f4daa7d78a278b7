package dev.skerry.architecture.planted.foundations.host.templates;

import dev.skerry.host.jobs.JobRunner;

/** Planted: a foundation knows the jobs. */
final class EndlessTemplate {
    Class<?> owner() {
        return JobRunner.class;
    }
}
