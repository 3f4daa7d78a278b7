package dev.skerry.host.templates;

import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.function.LongConsumer;

/** Hashes all that is read or skipped through it, and tells somebody of every piece before it is handed on. */
final class HashingInputStream extends InputStream {
    private final InputStream input;
    private final MessageDigest digest = Digests.sha256();
    private final LongConsumer observer;

    HashingInputStream(InputStream input, LongConsumer observer) {
        this.input = input;
        this.observer = observer;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = input.read(buffer, offset, length);
        if (count > 0) {
            observer.accept(count);
            digest.update(buffer, offset, count);
        }
        return count;
    }

    @Override
    public int available() throws IOException {
        return input.available();
    }

    /** Reads to the end, and says what everything hashes to. */
    String drain() throws IOException {
        var scratch = new byte[64 << 10];
        int count = 0;
        while (count >= 0) {
            count = read(scratch, 0, scratch.length);
        }
        return Digests.hex(digest.digest());
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
