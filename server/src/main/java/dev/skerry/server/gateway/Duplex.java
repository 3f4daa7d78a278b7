package dev.skerry.server.gateway;

import dev.skerry.wire.stream.GuestPorts;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/** A connection in both directions. Closing the output ends that direction; closing it ends both. */
interface Duplex extends AutoCloseable {
    InputStream input();

    OutputStream output();

    /** Whether the other side has ended it. */
    boolean ended();

    @Override
    void close();

    static Duplex of(GuestPorts.Connection connection) {
        return new Duplex() {
            @Override
            public InputStream input() {
                return connection.input();
            }

            @Override
            public OutputStream output() {
                return connection.output();
            }

            @Override
            public boolean ended() {
                return connection.ended();
            }

            @Override
            public void close() {
                connection.close();
            }
        };
    }

    /** Never used for a second request. */
    static Duplex of(Socket socket) throws IOException {
        InputStream input = socket.getInputStream();
        OutputStream output = socket.getOutputStream();
        return new Duplex() {
            @Override
            public InputStream input() {
                return input;
            }

            @Override
            public OutputStream output() {
                return output;
            }

            @Override
            public boolean ended() {
                return true;
            }

            @Override
            public void close() {
                try {
                    socket.close();
                } catch (IOException e) {
                    // It is of no use any more, whatever its end was.
                }
            }
        };
    }
}
