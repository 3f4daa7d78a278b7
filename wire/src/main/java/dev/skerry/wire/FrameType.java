package dev.skerry.wire;

import java.util.Optional;

/** Types of frames: docs/protocol.md, sections 1 and 7. */
public enum FrameType {
    HELLO(1),
    REQUEST(2),
    RESPONSE(3),
    DATA(4),
    EOF(5),
    CREDIT(6),
    EVENT(7),
    END(8),
    ERROR(9),
    CANCEL(10),
    PING(11),
    PONG(12),
    SHIM_ATTACH(32),
    SHIM_ATTACHED(33),
    SHIM_DEADLINE(34),
    SHIM_KILL(35),
    SHIM_EXITED(36);

    private static final FrameType[] BY_NUMBER = new FrameType[64];

    static {
        for (FrameType type : values()) {
            BY_NUMBER[type.number] = type;
        }
    }

    private final int number;

    FrameType(int number) {
        this.number = number;
    }

    public byte number() {
        return (byte) number;
    }

    public static Optional<FrameType> of(int number) {
        return number < 0 || number >= BY_NUMBER.length ? Optional.empty() : Optional.ofNullable(BY_NUMBER[number]);
    }
}
