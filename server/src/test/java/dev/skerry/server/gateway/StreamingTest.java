package dev.skerry.server.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Doorway.Way.class)
class StreamingTest {
    @Parameter
    Doorway.Way way;

    private final List<Program> programs = new ArrayList<>();
    private Doorway doorway;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        doorway = new Doorway(folder, way);
    }

    @AfterEach
    void close() {
        doorway.close();
        programs.forEach(Program::close);
    }

    private Program program(Program.Behaviour behaviour) throws IOException {
        Program program = new Program(behaviour);
        programs.add(program);
        return program;
    }

    @Test
    void muchPassesBothWays() throws Exception {
        passesBothWays(false, 100L << 20);
    }

    /** TLS ends before the ways part: one of them has more than any window of HTTP/2 holds, both what costs little. */
    @Test
    void muchPassesBothWaysOverTls() throws Exception {
        passesBothWays(true, way == Doorway.Way.SOCKET ? 40L << 20 : 4L << 20);
    }

    private void passesBothWays(boolean tls, long bytes) throws Exception {
        Program program = program((in, out) -> {
            Program.head(in);
            boolean same = same(in, bytes);
            out.write(Program.bytes("HTTP/1.1 " + (same ? 200 : 400) + " So\r\nContent-Length: " + bytes + "\r\n\r\n"));
            new Numbered(bytes).transferTo(out);
        });
        try (HttpClient client = doorway.client()) {
            String base = tls ? "https://127.0.0.1:" + doorway.secure() : "http://127.0.0.1:" + doorway.plain();
            HttpRequest request = HttpRequest.newBuilder(URI.create(base + "/"))
                    .header("E2b-Sandbox-Id", doorway.id().text())
                    .header("E2b-Sandbox-Port", Integer.toString(program.port()))
                    .version(tls ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
                    .POST(HttpRequest.BodyPublishers.fromPublisher(
                            HttpRequest.BodyPublishers.ofInputStream(() -> new Numbered(bytes)), bytes))
                    .build();
            HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
            assertThat(response.statusCode()).isEqualTo(200);
            try (InputStream got = response.body()) {
                assertThat(same(got, bytes)).isTrue();
                assertThat(got.read()).isNegative();
            }
        }
    }

    private static boolean same(InputStream got, long bytes) throws IOException {
        byte[] here = new byte[1 << 16];
        byte[] wanted = new byte[1 << 16];
        InputStream numbers = new Numbered(bytes);
        for (long left = bytes; left > 0; ) {
            int count = got.readNBytes(here, 0, (int) Math.min(left, here.length));
            if (count == 0
                    || numbers.readNBytes(wanted, 0, count) != count
                    || !Arrays.equals(here, 0, count, wanted, 0, count)) {
                return false;
            }
            left -= count;
        }
        return true;
    }

    @Test
    void aClientThatDoesNotReadHoldsTheProgramBack() throws Exception {
        AtomicLong written = new AtomicLong();
        AtomicLong last = new AtomicLong(System.nanoTime());
        Program program = program((in, out) -> {
            Program.head(in);
            out.write(Program.bytes("HTTP/1.1 200 OK\r\n\r\n"));
            byte[] piece = new byte[1 << 16];
            while (true) {
                out.write(piece);
                written.addAndGet(piece.length);
                last.set(System.nanoTime());
            }
        });
        try (Socket socket = doorway.connect()) {
            socket.setReceiveBufferSize(1 << 16);
            socket.getOutputStream()
                    .write(Program.bytes("GET / HTTP/1.1\r\nHost: " + doorway.host(program.port()) + "\r\n\r\n"));
            Doorway.await(() -> written.get() > 0 && System.nanoTime() - last.get() > 1_000_000_000L);
            // What the two pairs of sockets and the stream hold.
            assertThat(written.get()).isLessThan(32L << 20);
        }
        Doorway.await(() -> doorway.guest.streams().size() == 0);
    }

    /** Bytes that say where they are; they begin again after half a mebibyte. */
    private static final class Numbered extends InputStream {
        private static final byte[] PERIOD = period();

        private final long length;
        private long at;

        Numbered(long length) {
            this.length = length;
        }

        private static byte[] period() {
            byte[] bytes = new byte[1 << 19];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i ^ (i >> 11));
            }
            return bytes;
        }

        @Override
        public int read() {
            return at == length ? -1 : Byte.toUnsignedInt(PERIOD[(int) (at++ % PERIOD.length)]);
        }

        @Override
        public int read(byte[] into, int offset, int count) {
            if (at == length) {
                return -1;
            }
            int from = (int) (at % PERIOD.length);
            int some = (int) Math.min(Math.min(count, PERIOD.length - from), length - at);
            System.arraycopy(PERIOD, from, into, offset, some);
            at += some;
            return some;
        }
    }
}
