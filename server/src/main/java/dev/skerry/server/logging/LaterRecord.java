package dev.skerry.server.logging;

import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * A record that may be written a moment after it was made, together with others: of what happens thousands of times in
 * a second, a system call for each takes longer than what it tells of. Nothing in it changes any more.
 */
public abstract class LaterRecord extends LogRecord {
    private static final long serialVersionUID = 1L;

    protected LaterRecord(Level level) {
        super(level, "");
    }

    @Override
    public abstract String getMessage();
}
