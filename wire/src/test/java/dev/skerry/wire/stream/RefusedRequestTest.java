package dev.skerry.wire.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.Tag;
import dev.skerry.wire.stream.FakeGuest.Call;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is out of bounds is refused before a byte of it is sent, and the connection goes on. */
class RefusedRequestTest {
    private FakeGuest guest;
    private GuestConnection host;

    @BeforeEach
    void greet() throws Exception {
        guest = FakeGuest.greeted();
        host = guest.host();
    }

    @AfterEach
    void nothingWasSent() throws Exception {
        try (FakeGuest played = guest) {
            Call<FileInfo> caller = new Call<>(() -> host.files().stat("/next"));
            ShimSocket.Message request = played.next(FrameType.REQUEST);
            assertThat(request.fields().text(Tag.PATH)).contains("/next");
            played.end(request.frame().channel(), new FieldWriter().number(Tag.TYPE, 1));
            caller.result();
        }
    }

    private static void refused(ErrorCode code, String says, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(code);
            assertThat(failure).hasMessageContaining(says);
        });
    }

    @Test
    void aProgramMustBeNamed() {
        refused(ErrorCode.INVALID_REQUEST, "program", () -> ExecRequest.of(List.of()));
    }

    @Test
    void argumentsHaveLessThanAMebibyte() {
        List<String> arguments = new ArrayList<>(Collections.nCopies(17, "x".repeat(64 << 10)));
        refused(ErrorCode.LIMIT_EXCEEDED, "may have 1 MiB", () -> host.exec(ExecRequest.of(arguments)));
    }

    @Test
    void anArgumentHasNoNulAndABound() {
        refused(ErrorCode.INVALID_REQUEST, "NUL", () -> host.exec(ExecRequest.of("a\0b")));
        refused(
                ErrorCode.INVALID_REQUEST,
                "a text of 131072 bytes",
                () -> host.exec(ExecRequest.of("x".repeat(131_072))));
    }

    @Test
    void aPathIsAbsoluteAndHasABound() {
        refused(ErrorCode.INVALID_REQUEST, "not an absolute path", () -> host.files()
                .stat("etc/passwd"));
        refused(ErrorCode.INVALID_REQUEST, "4095 bytes", () -> host.files().stat("/" + "x".repeat(4_095)));
        refused(ErrorCode.INVALID_REQUEST, "NUL", () -> host.files().stat("/a\0b"));
    }

    @Test
    void aPortIsOne() {
        refused(ErrorCode.INVALID_REQUEST, "0 is not a port", () -> host.ports().dial(0));
        refused(ErrorCode.INVALID_REQUEST, "65536 is not a port", () -> host.ports()
                .dial(65_536));
    }
}
