package dev.skerry.server.gateway;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A program that listens inside: what it says is said by a test, byte for byte. */
final class Program implements AutoCloseable {
    /** What it does with one connection. */
    @FunctionalInterface
    interface Behaviour {
        void serve(InputStream in, OutputStream out) throws IOException, InterruptedException;
    }

    private final ServerSocket listener;
    private final Behaviour behaviour;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Queue<String> heads = new ConcurrentLinkedQueue<>();
    private final AtomicInteger connections = new AtomicInteger();

    Program(Behaviour behaviour) throws IOException {
        this.behaviour = behaviour;
        this.listener = new ServerSocket(0, 200, InetAddress.ofLiteral("127.0.0.1"));
        Thread.ofVirtual().start(this::accept);
    }

    /** Answers every request with these bytes, and closes. */
    static Program saying(String answer) throws IOException {
        return new Program((in, out) -> {
            head(in);
            out.write(bytes(answer));
        });
    }

    static Program echo() throws IOException {
        Program[] self = new Program[1];
        self[0] = new Program((in, out) -> {
            for (String head = self[0].heard(in); !head.isEmpty(); head = self[0].heard(in)) {
                StringBuilder content = new StringBuilder();
                if (head.contains("chunked")) {
                    for (String piece = chunk(in); !piece.isEmpty(); piece = chunk(in)) {
                        content.append(piece);
                    }
                } else if (head.contains("Content-Length: ")) {
                    int at = head.indexOf("Content-Length: ") + 16;
                    int length = Integer.parseInt(head.substring(at, head.indexOf('\r', at)));
                    content.append(new String(in.readNBytes(length), StandardCharsets.ISO_8859_1));
                }
                out.write(bytes("HTTP/1.1 200 OK\r\nContent-Length: " + content.length() + "\r\n\r\n" + content));
            }
        });
        return self[0];
    }

    /** The next chunk's text; empty for the last. What ends a chunk may come with the next. */
    static String chunk(InputStream in) throws IOException {
        String size = line(in);
        int length = Integer.parseInt(size.isEmpty() ? line(in) : size, 16);
        String text = new String(in.readNBytes(length), StandardCharsets.ISO_8859_1);
        if (length == 0) {
            in.readNBytes(2);
        }
        return text;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("no chunk");
            }
            line.append((char) next);
        }
        return line.toString().strip();
    }

    int port() {
        return listener.getLocalPort();
    }

    int connections() {
        return connections.get();
    }

    /** Of the requests that {@link #heard} has read. */
    Queue<String> heads() {
        return heads;
    }

    /** Reads a request's head and remembers it; empty when the connection has ended. */
    String heard(InputStream in) throws IOException {
        String head = head(in);
        if (!head.isEmpty()) {
            heads.add(head);
        }
        return head;
    }

    static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            head.append((char) next);
        }
        return head.toString();
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                connections.incrementAndGet();
                sockets.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            behaviour.serve(new BufferedInputStream(socket.getInputStream()), socket.getOutputStream());
        } catch (IOException | InterruptedException e) {
            // The other side has had enough; tests look at it from there.
        } finally {
            sockets.remove(socket);
        }
    }

    @Override
    public void close() {
        try {
            listener.close();
            for (Socket socket : sockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
