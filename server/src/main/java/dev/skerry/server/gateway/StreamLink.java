package dev.skerry.server.gateway;

import dev.skerry.wire.stream.GuestPorts;
import java.io.IOException;

/** A connection on the sandbox's stream. */
final class StreamLink implements Link {
    private final GuestPorts.Connection connection;

    StreamLink(GuestPorts.Connection connection) {
        this.connection = connection;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        return connection.input().read(into, offset, length);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        connection.output().write(bytes, offset, length);
    }

    @Override
    public void endOutput() throws IOException {
        connection.output().close();
    }

    @Override
    public boolean readable() {
        try {
            return connection.input().available() > 0;
        } catch (IOException e) {
            // The failure is what can be read.
            return true;
        }
    }

    @Override
    public boolean stale() {
        return connection.ended() || readable();
    }

    @Override
    public void close() {
        connection.close();
    }
}
