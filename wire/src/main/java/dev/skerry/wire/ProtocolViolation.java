package dev.skerry.wire;

/** The other end broke the stream's rules; the stream cannot be followed any further. */
public final class ProtocolViolation extends Exception {
    private static final long serialVersionUID = 1L;

    public ProtocolViolation(String message) {
        super(message);
    }
}
