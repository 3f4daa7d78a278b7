package dev.skerry.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Servers, and clients that say what no client library would; all are closed by it. */
final class Sockets {
    private static final int SILENCE_MILLIS = 20_000;

    private final List<AutoCloseable> open = new ArrayList<>();

    HttpServer serve(HttpBounds bounds, Handler handler) {
        HttpServer server = HttpServer.open(List.of(new Listener("127.0.0.1", 0, Optional.empty())), handler, bounds);
        open.add(server);
        return server;
    }

    <T extends AutoCloseable> T closing(T one) {
        open.add(one);
        return one;
    }

    HttpServer serve(Handler handler) {
        return serve(HttpBounds.DEFAULT, handler);
    }

    Socket connect(HttpServer server) throws IOException {
        Socket socket =
                new Socket(InetAddress.ofLiteral("127.0.0.1"), server.ports().getFirst());
        socket.setSoTimeout(SILENCE_MILLIS);
        open.add(socket);
        return socket;
    }

    static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** All that comes; an abrupt end is an end. */
    static String rest(Socket socket) throws IOException {
        StringBuilder text = new StringBuilder();
        InputStream in = socket.getInputStream();
        try {
            for (int next = in.read(); next >= 0; next = in.read()) {
                text.append((char) next);
            }
        } catch (SocketException e) {
            text.append("(reset)");
        }
        return text.toString();
    }

    String answer(HttpServer server, String request) throws IOException {
        Socket socket = connect(server);
        send(socket, request);
        return rest(socket);
    }

    void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }
}
