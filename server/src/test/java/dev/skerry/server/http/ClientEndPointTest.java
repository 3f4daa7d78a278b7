package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ClientEndPointTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    private static final long IDLE_NANOS = TimeUnit.MILLISECONDS.toNanos(15);

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private final Sockets sockets = new Sockets();
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch told = new CountDownLatch(1);

    @AfterEach
    void close() throws Exception {
        told.countDown();
        sockets.close();
    }

    private Socket asking() throws Exception {
        HttpServer server = sockets.serve(exchange -> {
            asked.countDown();
            told.await();
            exchange.text(200, "x");
        });
        Socket socket = sockets.connect(server);
        Sockets.send(socket, GET + "\r\n");
        assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
        return socket;
    }

    /** CPU time of the threads that listen. */
    private long nanos() {
        return LongStream.of(threads.getAllThreadIds())
                .filter(id -> threads.getThreadInfo(id) != null
                        && threads.getThreadInfo(id).getThreadName().startsWith("http-"))
                .map(threads::getThreadCpuTime)
                .sum();
    }

    /** While nothing can happen. */
    private void expectRest() throws InterruptedException {
        long before = nanos();
        assertThat(told.await(300, TimeUnit.MILLISECONDS)).isFalse();
        assertThat(nanos() - before).isLessThan(IDLE_NANOS);
    }

    @Test
    void whatComesBeforeTheAnswerIsHeardAfterItAndBusiesNobody() throws Exception {
        Socket socket = asking();
        Sockets.send(socket, GET + "Connection: close\r\n\r\n");
        expectRest();
        told.countDown();
        assertThat(Sockets.rest(socket)).matches("(?s)(HTTP/1\\.1 200 .*x){2}");
    }

    @Test
    void aClientThatSaysNothingMoreHasItsAnswer() throws Exception {
        Socket socket = asking();
        socket.shutdownOutput();
        expectRest();
        told.countDown();
        assertThat(Sockets.rest(socket)).startsWith("HTTP/1.1 200 ").endsWith("x");
    }

    @Test
    void aClientThatGoesBusiesNobody() throws Exception {
        Socket socket = asking();
        socket.setSoLinger(true, 0); // it resets the connection
        socket.close();
        expectRest();
    }
}
