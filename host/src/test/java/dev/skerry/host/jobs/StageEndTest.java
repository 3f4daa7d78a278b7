package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.jobs.StageEnd.Facts;
import dev.skerry.wire.SandboxEnd;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StageEndTest {
    private static final OptionalInt NONE = OptionalInt.empty();

    private static Facts exited(int code, long kills) {
        return new Facts(OptionalInt.of(code), NONE, false, false, false, kills, Optional.empty());
    }

    private static Facts signalled(int signal, long kills) {
        return new Facts(NONE, OptionalInt.of(signal), false, false, false, kills, Optional.empty());
    }

    @Test
    void anExitCodeSpeaksForItself() {
        assertThat(StageEnd.decide(exited(0, 0))).isEqualTo(JobStatus.OK);
        assertThat(StageEnd.decide(exited(1, 0))).isEqualTo(JobStatus.RUNTIME_ERROR);
        assertThat(StageEnd.decide(exited(1, 1)))
                .as("a child was killed, the program went on")
                .isEqualTo(JobStatus.RUNTIME_ERROR);
    }

    @Test
    void sigkillIsOutOfMemoryOnlyWhenTheKernelSaysSo() {
        assertThat(StageEnd.decide(signalled(9, 0))).isEqualTo(JobStatus.SIGNALLED);
        assertThat(StageEnd.decide(signalled(9, 1))).isEqualTo(JobStatus.OUT_OF_MEMORY);
        assertThat(StageEnd.decide(exited(137, 1))).as("through a shell").isEqualTo(JobStatus.OUT_OF_MEMORY);
        assertThat(StageEnd.decide(signalled(11, 1))).isEqualTo(JobStatus.SIGNALLED);
    }

    @Test
    void ourOwnKillsAreNamedByTheirReason() {
        var nine = OptionalInt.of(9);
        assertThat(StageEnd.decide(new Facts(NONE, nine, true, false, false, 0, Optional.empty())))
                .isEqualTo(JobStatus.TIMED_OUT);
        assertThat(StageEnd.decide(new Facts(NONE, nine, false, true, false, 0, Optional.empty())))
                .isEqualTo(JobStatus.CPU_TIME_EXCEEDED);
        assertThat(StageEnd.decide(new Facts(NONE, nine, true, false, true, 0, Optional.empty())))
                .isEqualTo(JobStatus.OUTPUT_LIMIT);
    }

    @ParameterizedTest
    @CsvSource({
        "TIMED_OUT, 0, TIMED_OUT", "CPU_TIME, 0, CPU_TIME_EXCEEDED", "OUT_OF_MEMORY, 1, OUT_OF_MEMORY",
        "GUEST_EXITED, 1, OUT_OF_MEMORY", "GUEST_EXITED, 0, SANDBOX_ERROR", "SHIM_LOST, 0, SANDBOX_ERROR",
        "DESTROYED, 0, SANDBOX_ERROR", "START_FAILED, 0, SANDBOX_ERROR", "HOST_REBOOTED, 0, SANDBOX_ERROR"
    })
    void aSandboxThatEndedFirstDecides(SandboxEnd.Cause cause, long kills, JobStatus status) {
        var end = Optional.of(new SandboxEnd(cause, ""));
        assertThat(StageEnd.decide(new Facts(NONE, NONE, false, false, false, kills, end)))
                .isEqualTo(status);
    }

    @Test
    void nothingKnownIsOurError() {
        assertThat(StageEnd.decide(new Facts(NONE, NONE, false, false, false, 0, Optional.empty())))
                .isEqualTo(JobStatus.SANDBOX_ERROR);
    }
}
