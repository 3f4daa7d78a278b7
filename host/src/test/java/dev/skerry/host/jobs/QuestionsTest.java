package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuestionsTest {
    private final FakeJobSandbox sandbox = new FakeJobSandbox();

    /** Of another architecture, without its loader, not executable. */
    @ParameterizedTest
    @EnumSource(names = {"INVALID_REQUEST", "NOT_FOUND", "DENIED"})
    void whatCannotBeStartedIsNotThere(ErrorCode code) throws Exception {
        sandbox.startRefused = Optional.of(new Failure(code, "exec: no"));
        assertThat(new Questions(sandbox).ask()).isEqualTo(new Questions.Answer(List.of(), true));
    }

    /** On a host that is busy: another time it says its version. */
    @Test
    void whatTakesTooLongIsNotThereNowAndNobodyIsSure() throws Exception {
        sandbox.exit = new JobSandbox.Exit(OptionalInt.empty(), OptionalInt.of(9), true, false);
        assertThat(new Questions(sandbox).ask()).isEqualTo(new Questions.Answer(List.of(), false));
    }

    @Test
    void aSandboxThatEndsHasNotAnswered() {
        sandbox.startRefused = Optional.of(new Failure(ErrorCode.SANDBOX_GONE, "it has ended"));
        assertThatThrownBy(() -> new Questions(sandbox).ask()).isInstanceOf(Failure.class);
    }
}
