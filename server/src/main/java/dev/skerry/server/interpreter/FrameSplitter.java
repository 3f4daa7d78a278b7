package dev.skerry.server.interpreter;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Parts what a kernel's code prints from the kernel's own frames:
 *
 * <pre>0x1e token flag number ":" data "\n"</pre>
 *
 * The flag is {@code +} for all parts of an event but the last, and {@code .} for that. Whatever only resembles a frame
 * is output. Not thread-safe; holds at most 64 KiB.
 */
final class FrameSplitter {
    private static final byte BEGIN = 0x1e;
    /** With everything around it; more than kernels write at once. */
    private static final int FRAME_MAX = 4096;

    private static final int BUFFER = 64 << 10;
    private static final int DIGITS_MAX = 18;

    /** Takes what was found, in order. */
    interface Sink {
        void output(byte[] bytes, int from, int to) throws InterruptedException;

        /** @param data is the sink's */
        void frame(boolean last, long number, byte[] data) throws InterruptedException;
    }

    private final InputStream in;
    private final byte[] token;
    private final Sink sink;
    private final byte[] buffer = new byte[BUFFER];
    private int have;

    FrameSplitter(InputStream in, String token, Sink sink) {
        this.in = in;
        this.token = token.getBytes(StandardCharsets.US_ASCII);
        this.sink = sink;
    }

    /** Until the stream ends. */
    void run() throws IOException, InterruptedException {
        while (true) {
            int count = in.read(buffer, have, buffer.length - have);
            if (count < 0) {
                output(0, have);
                return;
            }
            have += count;
            int done = split();
            System.arraycopy(buffer, done, buffer, 0, have - done);
            have -= done;
        }
    }

    /** How much is dealt with; the rest may be the beginning of a frame. */
    private int split() throws InterruptedException {
        int done = 0;
        int at = 0;
        while (true) {
            while (at < have && buffer[at] != BEGIN) {
                at++;
            }
            if (at == have || !couldBegin(at)) {
                if (at == have) {
                    output(done, have);
                    return have;
                }
                at++;
                continue;
            }
            int end = at + 1 + token.length;
            while (end < have && buffer[end] != '\n' && end - at < FRAME_MAX) {
                end++;
            }
            if (end >= have && end - at < FRAME_MAX) {
                output(done, at);
                return at;
            }
            int number = numberEnd(at, end);
            if (end - at >= FRAME_MAX || number < 0) {
                at++;
                continue;
            }
            output(done, at);
            frame(at, number, end);
            at = end + 1;
            done = at;
        }
    }

    private boolean couldBegin(int at) {
        int known = Math.min(token.length, have - at - 1);
        return Arrays.equals(buffer, at + 1, at + 1 + known, token, 0, known);
    }

    /** Where the colon is; -1 when this is no frame after all. */
    private int numberEnd(int at, int end) {
        int flag = at + 1 + token.length;
        if (flag >= end || (buffer[flag] != '.' && buffer[flag] != '+')) {
            return -1;
        }
        int colon = flag + 1;
        while (colon < end && buffer[colon] >= '0' && buffer[colon] <= '9') {
            colon++;
        }
        int digits = colon - flag - 1;
        return colon < end && buffer[colon] == ':' && digits > 0 && digits <= DIGITS_MAX ? colon : -1;
    }

    private void frame(int at, int colon, int end) throws InterruptedException {
        int flag = at + 1 + token.length;
        long number = 0;
        for (int i = flag + 1; i < colon; i++) {
            number = number * 10 + (buffer[i] - '0');
        }
        sink.frame(buffer[flag] == '.', number, Arrays.copyOfRange(buffer, colon + 1, end));
    }

    private void output(int from, int to) throws InterruptedException {
        if (to > from) {
            sink.output(buffer, from, to);
        }
    }
}
