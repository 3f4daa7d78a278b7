package dev.skerry.server.sandboxes;

import java.io.IOException;

/**
 * Who is behind what a thread does: it is written down with what comes of it, and decides nothing.
 *
 * @param key the id of the key of the request; empty when it came without one, as traffic to a port does
 * @param mask the key's first and last characters
 * @param address of the peer
 * @param request its id, as in the log and in the audit log
 */
public record Origin(String key, String mask, String address, String request) {
    /** Nobody asked: time passed, or a host said something. */
    public static final Origin NONE = new Origin("", "", "", "");

    private static final ScopedValue<Origin> CURRENT = ScopedValue.newInstance();

    /** What is done for a request. */
    @FunctionalInterface
    public interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** Of the request that the thread answers. */
    public static Origin current() {
        return CURRENT.orElse(NONE);
    }

    /** Does that on behalf of this one. */
    public void during(Work work) throws IOException, InterruptedException {
        try {
            ScopedValue.where(CURRENT, this).call(() -> {
                work.run();
                return this;
            });
        } catch (IOException | InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("work threw what it does not declare", e);
        }
    }
}
