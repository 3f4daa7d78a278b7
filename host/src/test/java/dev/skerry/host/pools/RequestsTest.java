package dev.skerry.host.pools;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** What pools leave to requests. */
class RequestsTest {
    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger ended = new AtomicInteger();
    private final Requests requests = new Requests(
            new Spare() {
                @Override
                public void begins() {
                    // Whatever begins, there is none.
                }

                @Override
                public int processors(int busy) {
                    return 0;
                }
            },
            now::get);

    @Test
    void oneThatHasJustComeHasTheMachineForItself() {
        assertThat(requests.justCame()).isFalse();
        Work work = requests.begin(ended::incrementAndGet);
        assertThat(requests.justCame()).isTrue();
        now.addAndGet(Requests.MOMENT.toNanos() - 1);
        assertThat(requests.justCame()).isTrue();
        now.incrementAndGet();
        assertThat(requests.justCame()).as("it takes long").isFalse();
        work.close();
        assertThat(ended).hasValue(1);
    }

    /** A client that has its sandbox uses it at once. */
    @Test
    void soHasOneThatIsAnswered() {
        requests.begin(ended::incrementAndGet).close();
        assertThat(requests.justCame()).isTrue();
        now.addAndGet(Requests.MOMENT.toNanos());
        assertThat(requests.justCame()).isFalse();
    }

    @Test
    void whereNothingRunsOneMemberIsMadeWhoeverElseUsesTheProcessors() {
        assertThat(requests.idle(0)).isEqualTo(1);
        assertThat(requests.idle(1)).isZero();
        Work work = requests.begin(ended::incrementAndGet);
        assertThat(requests.idle(0)).isZero();
        work.close();
    }
}
