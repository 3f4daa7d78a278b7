package dev.skerry.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RoomTest {
    @Test
    void oneAloneGetsHalfAndWhoeverComesNextFindsSome() {
        Room room = new Room(1024);
        assertThat(room.take("a", 513)).isFalse();
        assertThat(room.take("a", 512)).isTrue();
        assertThat(room.take("a", 1)).isFalse();
        assertThat(room.take("b", 256)).isTrue();
        assertThat(room.take("b", 1)).isFalse();
        assertThat(room.take("c", 128)).isTrue();
        room.give("a", 512);
        assertThat(room.take("b", 128)).isTrue();
        room.give("b", 384);
        room.give("c", 128);
        assertThat(room.owners()).isZero();
    }

    @Test
    void whateverIsTakenMovedAndGivenNobodyTakesAll() {
        String[] owners = {"a", "b", "c", "d"};
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            Room room = new Room(1 << 20);
            Map<String, Long> taken = new HashMap<>();
            for (int i = 0; i < 200; i++) {
                String owner = owners[random.nextInt(owners.length)];
                long bytes = 1L + random.nextInt(1 << 18);
                if (room.take(owner, bytes)) {
                    taken.merge(owner, bytes, Long::sum);
                } else if (taken.containsKey(owner)) {
                    room.give(owner, taken.remove(owner));
                }
                long all = taken.values().stream().mapToLong(Long::longValue).sum();
                assertThat(all).as("seed %d", seed).isLessThan(1 << 20);
                assertThat(room.take("new", 1)).as("seed %d", seed).isTrue();
                room.give("new", 1);
            }
            taken.forEach(room::give);
            assertThat(room.owners()).isZero();
        }
    }

    @Test
    void whatARequestHoldsIsItsTenantsOnceThatIsKnown() {
        Room room = new Room(1 << 20);
        Held held = new Held(room, "127.0.0.1");
        held.raise(100_000);
        held.owner("acme");
        held.raise(200_000);
        assertThat(room.take("127.0.0.1", 400_000)).isTrue();
        held.release();
        room.give("127.0.0.1", 400_000);
        assertThat(room.owners()).isZero();
    }
}
