package dev.skerry.server.sandboxes;

/**
 * What happens to a sandbox when its time is over and afterwards.
 *
 * @param pauses it is paused then; otherwise it ends
 * @param pauseKind how, if it is paused then
 * @param wakesOnTraffic while it is paused, a request to one of its ports resumes it
 */
public record Lifetime(boolean pauses, PauseKind pauseKind, boolean wakesOnTraffic) {
    public static final Lifetime ENDS = new Lifetime(false, PauseKind.MEMORY, false);
}
