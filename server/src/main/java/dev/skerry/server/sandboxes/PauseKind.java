package dev.skerry.server.sandboxes;

/** What of a sandbox survives a pause. */
public enum PauseKind {
    /** Everything: its processes are stopped where they are, and go on from there. */
    MEMORY,
    /** Its files: processes end, and the next start is a cold one. */
    DISK
}
