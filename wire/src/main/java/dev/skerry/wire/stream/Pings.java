package dev.skerry.wire.stream;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.ProtocolViolation;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Round trips that somebody waits for. Thread-safe. */
final class Pings {
    private final ConcurrentHashMap<Long, CountDownLatch> waiting = new ConcurrentHashMap<>();
    private final AtomicLong last = new AtomicLong();

    Ping begin() {
        Ping ping = new Ping(last.incrementAndGet(), new CountDownLatch(1));
        waiting.put(ping.nonce, ping.answered);
        return ping;
    }

    /** Also for a number that nobody waits for any more. */
    void answered(ByteBuffer payload) throws ProtocolViolation {
        if (payload.remaining() != Long.BYTES) {
            throw new ProtocolViolation("a pong of " + payload.remaining() + " bytes");
        }
        Optional.ofNullable(waiting.get(payload.getLong())).ifPresent(CountDownLatch::countDown);
    }

    /** The connection is over. */
    void wakeAll() {
        waiting.values().forEach(CountDownLatch::countDown);
    }

    /** One that is under way; closing it forgets it. */
    final class Ping implements AutoCloseable {
        private final long nonce;
        private final CountDownLatch answered;

        private Ping(long nonce, CountDownLatch answered) {
            this.nonce = nonce;
            this.answered = answered;
        }

        byte[] payload() {
            return ByteBuffer.allocate(Long.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(nonce)
                    .array();
        }

        /**
         * Returns also when the connection ended.
         *
         * @throws Failure {@code DEADLINE_EXCEEDED} when no answer came in time
         */
        void await(Duration timeout) throws InterruptedException {
            if (!answered.await(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
                String late = "no answer to a ping within " + timeout.toMillis() + " ms";
                throw new Failure(ErrorCode.DEADLINE_EXCEEDED, late);
            }
        }

        @Override
        public void close() {
            waiting.remove(nonce);
        }
    }
}
