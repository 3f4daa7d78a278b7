package dev.skerry.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Optional;

/** Standard output, which remembers that a program's words did not get there. */
final class WatchedOutput extends OutputStream {
    private final OutputStream to;
    private volatile Optional<LostOutput> lost = Optional.empty();

    WatchedOutput(OutputStream to) {
        this.to = to;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            to.write(bytes, offset, length);
            to.flush();
        } catch (IOException e) {
            lost = Optional.of(new LostOutput(e));
            throw e;
        }
    }

    /** @throws LostOutput when something did not get there */
    void check() {
        if (lost.isPresent()) {
            throw lost.get();
        }
    }

    boolean isLost() {
        return lost.isPresent();
    }
}
