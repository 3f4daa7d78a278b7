package dev.skerry.cli;

import dev.skerry.host.jobs.JobSandbox;

/**
 * Ends a sandbox when this process is asked to end (Ctrl-C, SIGTERM, SIGHUP). Not when it is killed: then the sandbox
 * lives on until its deadline, and {@code skerry attach} picks it up.
 */
final class EndWithUs implements AutoCloseable {
    private final Thread hook;

    private EndWithUs(Thread hook) {
        this.hook = hook;
    }

    static EndWithUs watch(JobSandbox sandbox) {
        Thread hook = Thread.ofPlatform().name("end-sandbox").unstarted(sandbox::close);
        Runtime.getRuntime().addShutdownHook(hook);
        return new EndWithUs(hook);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending: the hook runs already, and closing twice is allowed.
        }
    }
}
