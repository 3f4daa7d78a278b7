package dev.skerry.bench.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ConnectionTest {
    private static final byte[] NOTHING = {};

    private ServerSocket listener;
    private Connection connection;
    private Socket server;

    @BeforeEach
    void connect() throws IOException {
        listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        connection = new Connection(URI.create("http://127.0.0.1:" + listener.getLocalPort()));
        server = listener.accept();
    }

    @AfterEach
    void disconnect() throws IOException {
        connection.close();
        server.close();
        listener.close();
    }

    private void say(String text) throws IOException {
        OutputStream out = server.getOutputStream();
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private Connection.Answer get() throws IOException {
        return connection.send("GET", "/", Map.of(), NOTHING);
    }

    @Test
    void anAnswerEndsWhereItsLengthSaysAndTheNextBeginsThere() throws IOException {
        say("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
        assertThat(get().content(200)).asString(StandardCharsets.US_ASCII).isEqualTo("one");
        assertThat(get().content(200)).asString(StandardCharsets.US_ASCII).isEqualTo("two");
    }

    /** Servers may send the end of a chunk with the next chunk, which may be a minute later. */
    @Test
    void aChunkIsThereBeforeItsLineEnds() throws IOException {
        say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none");
        InputStream body = get().body();
        assertThat(body.readNBytes(3)).asString(StandardCharsets.US_ASCII).isEqualTo("one");
        say("\r\n3\r\ntwo\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
        assertThat(body.readAllBytes()).asString(StandardCharsets.US_ASCII).isEqualTo("two");
        assertThat(get().content(204)).isEmpty();
    }

    @Test
    void anAnswerThatBreaksOffIsNoAnswer() throws IOException {
        say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\none");
        server.shutdownOutput();
        assertThatThrownBy(() -> get().content(200)).isInstanceOf(EOFException.class);
    }

    @Test
    void anotherStatusThanExpectedFailsWithWhatTheServerSaid() throws IOException {
        say("HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy");
        assertThatThrownBy(() -> get().content(200)).hasMessageContaining("503").hasMessageContaining("busy");
    }
}
