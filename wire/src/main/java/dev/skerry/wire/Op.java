package dev.skerry.wire;

/** Operations of guestd, and the streams that their channels have: docs/protocol.md, sections 1, 4 and 5. */
public enum Op {
    EXEC(1, Streams.PROCESS),
    ATTACH(2, Streams.PROCESS),
    SIGNAL(3, Streams.NONE),
    LIST(4, Streams.NONE),
    RESIZE(5, Streams.NONE),
    FORGET(6, Streams.NONE),
    RELEASE(7, Streams.NONE),
    STAT(16, Streams.NONE),
    LIST_DIR(17, Streams.DOWNLOAD),
    READ(18, Streams.DOWNLOAD),
    WRITE(19, Streams.UPLOAD),
    MKDIR(20, Streams.NONE),
    MOVE(21, Streams.NONE),
    REMOVE(22, Streams.NONE),
    CHMOD(23, Streams.NONE),
    CHOWN(24, Streams.NONE),
    XATTR(25, Streams.NONE),
    SYMLINK(26, Streams.NONE),
    TAR_OUT(27, Streams.DOWNLOAD),
    TAR_IN(28, Streams.UPLOAD),
    WATCH(29, Streams.EVENTS),
    MAKE_FIFO(30, Streams.NONE),
    LISTENERS(40, Streams.NONE),
    DIAL(41, Streams.DUPLEX),
    METRICS(50, Streams.NONE),
    SHUTDOWN(51, Streams.NONE);

    /** Which streams a channel has, and the first credit of each in bytes. */
    public enum Streams {
        /** None: one answer. */
        NONE(0, 0, 0),
        /** Stdin, stdout and stderr. */
        PROCESS(2, 1 << 18, 1 << 18),
        DOWNLOAD(1, 1 << 20, 0),
        UPLOAD(0, 0, 1 << 20),
        /** A dialled connection. */
        DUPLEX(1, 1 << 18, 1 << 18),
        /** Events, which know no credit. */
        EVENTS(0, 0, 0);

        private final int received;
        private final int receiveWindow;
        private final int sendWindow;

        Streams(int received, int receiveWindow, int sendWindow) {
            this.received = received;
            this.receiveWindow = receiveWindow;
            this.sendWindow = sendWindow;
        }

        /** The host receives streams 1 to this number. */
        public int received() {
            return received;
        }

        /** Credit of each received stream. */
        public int receiveWindow() {
            return receiveWindow;
        }

        /** Credit of stream 0, which the host sends; 0 when there is none. */
        public int sendWindow() {
            return sendWindow;
        }
    }

    private final int number;
    private final Streams streams;

    Op(int number, Streams streams) {
        this.number = number;
        this.streams = streams;
    }

    public int number() {
        return number;
    }

    public Streams streams() {
        return streams;
    }

    /** Whether a RESPONSE comes before the END. */
    public boolean streaming() {
        return streams != Streams.NONE;
    }
}
