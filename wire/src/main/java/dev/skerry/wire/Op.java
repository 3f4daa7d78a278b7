package dev.skerry.wire;

/** Operations of guestd: docs/protocol.md, sections 4 and 5. */
public enum Op {
    EXEC(1),
    ATTACH(2),
    SIGNAL(3),
    LIST(4),
    RESIZE(5),
    FORGET(6),
    STAT(16),
    LIST_DIR(17),
    READ(18),
    WRITE(19),
    MKDIR(20),
    MOVE(21),
    REMOVE(22),
    CHMOD(23),
    CHOWN(24),
    XATTR(25),
    SYMLINK(26),
    TAR_OUT(27),
    TAR_IN(28),
    WATCH(29),
    LISTENERS(40),
    DIAL(41),
    METRICS(50),
    SHUTDOWN(51);

    private final int number;

    Op(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }
}
