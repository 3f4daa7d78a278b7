package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** A file that is much larger than the server's memory goes through it both ways. */
class LargeFilesIT {
    private static final long BYTES = 2_000_000_000L;
    /** Less than half of the file. The heap grows as its collector likes: 330 to 530 MiB were seen. */
    private static final long PEAK_MAX_KIB = 768 << 10;

    private static final Duration BOUND = Duration.ofMinutes(10);

    private final HttpClient client = HttpClient.newHttpClient();

    @Test
    void twoGigabytesGoUpAndDownInFlatMemory(TestReporter reporter) throws Exception {
        // One of its own, whose memory nobody else fills.
        try (ShippedServer server = ShippedServer.startForLong()) {
            long peak = throughIt(server);
            reporter.publishEntry("most resident memory of the server while 2 GB went up and down, KiB", "" + peak);
            assertThat(peak).isLessThan(PEAK_MAX_KIB);
        }
    }

    private long throughIt(ShippedServer server) throws IOException, InterruptedException {
        String created = server.call("POST", "/v2/sandboxes", "{\"templateID\":\"base\",\"timeout\":900}")
                .body();
        String id = field(created, "sandboxID");
        try {
            HttpRequest.Builder file = HttpRequest.newBuilder(URI.create(server.url() + "/files?path=/home/user/large"))
                    .timeout(BOUND)
                    .header("E2b-Sandbox-Id", id)
                    .header("E2b-Sandbox-Port", "49983")
                    .header("X-Access-Token", field(created, "envdAccessToken"));
            CRC32 sent = new CRC32();
            HttpResponse<String> up = client.send(
                    file.copy()
                            .header("Content-Type", "application/octet-stream")
                            .POST(HttpRequest.BodyPublishers.fromPublisher(
                                    HttpRequest.BodyPublishers.ofInputStream(() -> new Large(sent)), BYTES))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(up.statusCode()).as(up.body()).isEqualTo(200);
            HttpResponse<InputStream> down = client.send(file.GET().build(), BodyHandlers.ofInputStream());
            assertThat(down.statusCode()).isEqualTo(200);
            assertThat(read(down.body())).isEqualTo(sent.getValue());
            return server.peakKib();
        } finally {
            assertThat(server.call("DELETE", "/sandboxes/" + id, "").statusCode())
                    .isEqualTo(204);
        }
    }

    private static String field(String json, String name) {
        Matcher matcher = Pattern.compile('"' + name + "\":\"([^\"]+)\"").matcher(json);
        assertThat(matcher.find()).as(json).isTrue();
        return matcher.group(1);
    }

    private static long read(InputStream in) throws IOException {
        CRC32 sum = new CRC32();
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        try (in) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                sum.update(buffer, 0, count);
                total += count;
            }
        }
        assertThat(total).isEqualTo(BYTES);
        return sum.getValue();
    }

    /** Bytes that differ from block to block and begin again after 16 MiB; adds them up. */
    private static final class Large extends InputStream {
        private static final byte[] PERIOD = period();

        private final CRC32 sum;
        private long at;

        Large(CRC32 sum) {
            this.sum = sum;
        }

        private static byte[] period() {
            byte[] bytes = new byte[1 << 24];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i ^ (i >> 16));
            }
            return bytes;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("in blocks only");
        }

        @Override
        public int read(byte[] into, int from, int wanted) {
            if (at == BYTES) {
                return -1;
            }
            int begin = (int) (at % PERIOD.length);
            int count = (int) Math.min(Math.min(wanted, PERIOD.length - begin), BYTES - at);
            System.arraycopy(PERIOD, begin, into, from, count);
            sum.update(into, from, count);
            at += count;
            return count;
        }
    }
}
