package dev.skerry.wire.jobs;

import java.io.OutputStream;

/** What can be done to a stage that is under way; nothing happens once it has ended. Thread-safe. */
public interface JobControl {
    /** Of a case whose stdin was not given. Writing blocks while the program does not read; closing is end of file. */
    OutputStream stdin();

    /** Sends a signal to the process that was started, not to its children. */
    void signal(int number);

    /** Ends it and all that it started. */
    void kill();
}
