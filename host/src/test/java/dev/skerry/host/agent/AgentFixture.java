package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.engine.LeftBehind;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An agent on this machine; nothing may be left of it. */
abstract class AgentFixture {
    static final Duration NO_GRACE = Duration.ZERO;

    @RegisterExtension
    final LeftBehind leftBehind = AgentHost.LEFT_BEHIND;

    LocalAgent agent;

    @BeforeEach
    void open() throws Exception {
        AgentHost.own();
        agent = AgentHost.open();
    }

    @AfterEach
    void nothingIsLeft() {
        agent.list().forEach(sandbox -> agent.destroy(sandbox.incarnation(), NO_GRACE));
        agent.disks().forEach(agent::discardDisk);
        agent.close();
        AgentHost.assertNothingLeft();
    }

    static Instant in(Duration time) {
        return InstantSource.system().instant().plus(time);
    }

    static void goneIs(ThrowingCallable call) {
        failsWith(ErrorCode.SANDBOX_GONE, call);
    }

    static void failsWith(ErrorCode code, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code())
                .as(e.getMessage())
                .isEqualTo(code));
    }
}
