package dev.skerry.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxIdTest {
    private static final Instant NOW = Instant.parse("2026-11-24T04:00:00Z");
    private final SecureRandom random = new SecureRandom();

    @Test
    void idsSortByAgeAndAreNeverTheSame() {
        List<SandboxId> ids = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            ids.add(SandboxId.create(NOW.plusMillis(i), random));
        }
        assertThat(ids).isSorted();
        assertThat(new HashSet<>(ids)).hasSize(1_000);
    }

    @Test
    void theFirstAndTheLastMomentHaveAnId() {
        for (Instant moment : List.of(Instant.EPOCH, Instant.ofEpochMilli((1L << 48) - 1))) {
            assertThat(SandboxId.create(moment, random).text()).matches("[0-9a-z]{25}");
        }
    }

    /** It becomes a file's name, a cgroup's and a host's. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "abc",
                "03hajycsqk0qgef1icc9whdh",
                "03hajycsqk0qgef1icc9whdhzz",
                "03HAJYCSQK0QGEF1ICC9WHDHZ",
                "../../etc/passwd/aaaaaaaa",
                "03hajycsqk0qgef1icc9whd z",
                "03hajycsqk0qgef1icc9whd\nz",
                "٣3hajycsqk0qgef1icc9whdhz",
                "zzzzzzzzzzzzzzzzzzzzzzzzz"
            })
    void whatIsNotAnIdIsRefused(String text) {
        assertThatThrownBy(() -> new SandboxId(text))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
    }
}
