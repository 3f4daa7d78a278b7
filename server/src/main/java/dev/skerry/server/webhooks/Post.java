package dev.skerry.server.webhooks;

import dev.skerry.wire.Failure;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * One POST over HTTP/1.1 on a connection of its own. It connects to the address that was checked and to no other,
 * which no HTTP client of the JDK can be told; redirects are not followed; of the answer the head is read, 16 KiB at
 * most, and
 * nothing else.
 */
final class Post implements Runnable {
    private static final int CONNECT_MILLIS = 5_000;
    private static final int READ_MILLIS = 10_000;
    private static final int HEAD_BYTES_MAX = 16 << 10;
    private static final int ADDRESSES_MAX = 4;
    private static final int INTERIM_MAX = 5;
    private static final int ERROR_LENGTH_MAX = 200;
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] ([1-5][0-9][0-9])(?: .*)?");

    private final Destinations destinations;
    private final URI url;
    private final Map<String, String> headers;
    private final byte[] body;
    private volatile Optional<Socket> socket = Optional.empty();
    private volatile boolean broken;
    private volatile Outcome outcome = new Outcome(0, "it was broken off");

    /**
     * What came of it.
     *
     * @param status 0: none came
     * @param error empty: it was taken
     */
    record Outcome(int status, String error) {}

    Post(Destinations destinations, URI url, Map<String, String> headers, byte[] body) {
        this.destinations = destinations;
        this.url = url;
        this.headers = Map.copyOf(headers);
        this.body = body.clone();
    }

    Outcome outcome() {
        return outcome;
    }

    /** From another thread, also when it has ended. */
    void breakOff() {
        broken = true;
        socket.ifPresent(Post::close);
    }

    private static void close(Socket open) {
        try {
            open.close();
        } catch (IOException e) {
            // It is of no use any more.
        }
    }

    @Override
    public void run() {
        try (Socket connected = connect()) {
            outcome = judged(exchange(connected));
        } catch (Failure e) {
            outcome = new Outcome(0, String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            String words = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            outcome = new Outcome(0, words.substring(0, Math.min(words.length(), ERROR_LENGTH_MAX)));
        }
    }

    private static Outcome judged(int status) {
        if (status / 100 == 2) {
            return new Outcome(status, "");
        }
        String more = status / 100 == 3 ? ", and redirects are not followed" : "";
        return new Outcome(status, "the answer was " + status + more);
    }

    private boolean secure() {
        return url.getScheme().toLowerCase(Locale.ROOT).equals("https");
    }

    private Socket connect() throws IOException {
        int port = url.getPort() > 0 ? url.getPort() : secure() ? 443 : 80;
        IOException last = new IOException("there is no address to connect to");
        for (InetAddress address :
                destinations.resolve(url).stream().limit(ADDRESSES_MAX).toList()) {
            Socket plain = new Socket();
            try {
                hold(plain);
                plain.connect(new InetSocketAddress(address, port), CONNECT_MILLIS);
                plain.setSoTimeout(READ_MILLIS);
                return secure() ? encrypted(plain, port) : plain;
            } catch (IOException e) {
                close(plain);
                last = e;
            }
        }
        throw last;
    }

    /** Whoever breaks it off finds it, or it is seen here that he has. */
    private void hold(Socket opened) throws IOException {
        socket = Optional.of(opened);
        if (broken) {
            close(opened);
            throw new IOException("it was broken off");
        }
    }

    private Socket encrypted(Socket plain, int port) throws IOException {
        SSLSocketFactory factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
        SSLSocket secure = (SSLSocket) factory.createSocket(plain, url.getHost(), port, true);
        SSLParameters parameters = secure.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        secure.setSSLParameters(parameters);
        secure.startHandshake();
        return secure;
    }

    private int exchange(Socket connected) throws IOException {
        String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        StringBuilder head = new StringBuilder("POST ").append(path);
        if (url.getRawQuery() != null) {
            head.append('?').append(url.getRawQuery());
        }
        head.append(" HTTP/1.1\r\nHost: ").append(url.getHost());
        if (url.getPort() > 0) {
            head.append(':').append(url.getPort());
        }
        head.append("\r\nUser-Agent: skerry-webhooks\r\nContent-Type: application/json\r\nContent-Length: ")
                .append(body.length)
                .append("\r\nConnection: close\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        head.append("\r\n");
        var out = connected.getOutputStream();
        out.write(head.toString().getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
        return status(new BufferedInputStream(connected.getInputStream()));
    }

    /** Of the first answer that is not an interim one. */
    private static int status(InputStream in) throws IOException {
        int left = HEAD_BYTES_MAX;
        for (int i = 0; i < INTERIM_MAX; i++) {
            String line = line(in, left);
            left -= line.length();
            Matcher matcher = STATUS.matcher(line);
            if (!matcher.matches()) {
                throw new IOException("the answer is not HTTP");
            }
            int status = Integer.parseInt(matcher.group(1));
            if (status >= 200) {
                return status;
            }
            while (!line.isEmpty()) {
                line = line(in, left);
                left -= line.length() + 2;
            }
        }
        throw new IOException("there were only interim answers");
    }

    private static String line(InputStream in, int most) throws IOException {
        StringBuilder line = new StringBuilder();
        int next = in.read();
        while (next >= 0 && next != '\n') {
            if (line.length() >= most) {
                throw new IOException("the head of the answer is too long");
            }
            line.append((char) next);
            next = in.read();
        }
        if (next < 0) {
            throw new IOException("the connection was closed without an answer");
        }
        return line.toString().stripTrailing();
    }
}
