package dev.skerry.server.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;

/** A connection to another server, for one request. */
final class ServerLink implements Link {
    private final Socket socket;
    private final InputStream input;
    private final OutputStream output;

    ServerLink(Socket socket) throws IOException {
        this.socket = socket;
        this.input = socket.getInputStream();
        this.output = socket.getOutputStream();
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        return input.read(into, offset, length);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        output.write(bytes, offset, length);
    }

    @Override
    public void endOutput() throws IOException {
        socket.shutdownOutput();
    }

    @Override
    public boolean readable() {
        try {
            return input.available() > 0;
        } catch (IOException e) {
            // The failure is what can be read.
            return true;
        }
    }

    /** Never used for a second request. */
    @Override
    public boolean stale() {
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
}
