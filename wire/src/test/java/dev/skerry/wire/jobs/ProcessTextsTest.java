package dev.skerry.wire.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ProcessTextsTest {
    private static void isRefused(String says, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(e.getMessage()).contains(says).hasSizeLessThan(300).doesNotContain("\0");
        });
    }

    @Test
    void whatAProcessCanHaveIsTaken() {
        List<String> many = Collections.nCopies(ProcessTexts.COUNT_MAX, "ü");
        List<String> large = Collections.nCopies(2, "x".repeat(FieldWriter.TEXT_BYTES_MAX));
        assertThat(ProcessTexts.arguments(many)).isEqualTo(many);
        assertThat(ProcessTexts.arguments(large)).isEqualTo(large);
        assertThat(ProcessTexts.environment(Map.of("A", "b=c", "_", ""))).hasSize(2);
    }

    @Test
    void whatItCannotHaveIsRefused() {
        isRefused("NUL", () -> ProcessTexts.arguments(List.of("a\0b")));
        isRefused("half a character", () -> ProcessTexts.arguments(List.of("\uD800")));
        isRefused("131072 bytes", () -> ProcessTexts.arguments(List.of("x".repeat(FieldWriter.TEXT_BYTES_MAX + 1))));
        isRefused("3001 texts", () -> ProcessTexts.arguments(Collections.nCopies(ProcessTexts.COUNT_MAX + 1, "")));
        isRefused(
                "393262 bytes",
                () -> ProcessTexts.arguments(Collections.nCopies(131, "x".repeat(ProcessTexts.BYTES_MAX / 131 + 1))));
        isRefused("environment variable", () -> ProcessTexts.environment(Map.of("A=B", "x")));
        isRefused("environment variable", () -> ProcessTexts.environment(Map.of("", "x")));
        isRefused("NUL", () -> ProcessTexts.environment(Map.of("A\0", "x")));
        isRefused("NUL", () -> ProcessTexts.environment(Map.of("A", "\0")));
    }
}
