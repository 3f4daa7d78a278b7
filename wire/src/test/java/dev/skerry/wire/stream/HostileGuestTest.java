package dev.skerry.wire.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.Tag;
import dev.skerry.wire.stream.FakeGuest.Call;
import dev.skerry.wire.stream.Lies.Lie;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Process 1 of a sandbox belongs to the stranger as soon as his code is root inside: whatever it says, no caller waits
 * for ever, none believes what cannot be, and memory stays bounded.
 */
class HostileGuestTest {
    private static final Duration BLINK = Duration.ofMillis(50);

    /** Within which this test, too, has to answer what is to go on. */
    private static final Duration PROGRESS = Duration.ofMillis(500);

    private static final FieldWriter NONE = new FieldWriter();

    @ParameterizedTest
    @MethodSource("dev.skerry.wire.stream.Lies#all")
    void whoBreaksTheProtocolIsLeft(Lie lie) throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<Object> bystander = new Call<>(() -> host.files().stat("/other"));
            guest.requested();
            Call<Object> caller = new Call<>(() -> lie.action().run(host));
            play(lie, guest);
            for (Call<Object> waiting : List.of(caller, bystander)) {
                assertThatThrownBy(waiting::result).isInstanceOfSatisfying(Failure.class, failure -> {
                    assertThat(failure.code()).isEqualTo(ErrorCode.SANDBOX_GONE);
                    assertThat(failure)
                            .hasMessageStartingWith("the sandbox broke the protocol: ")
                            .hasMessageContaining(lie.says());
                });
            }
            assertThat(host.closed()).isTrue();
        }
    }

    private static void play(Lie lie, FakeGuest guest) throws Exception {
        int channel = guest.requested();
        try {
            lie.script().play(guest, channel);
        } catch (IOException e) {
            // The host has heard enough and hung up.
            assertThat(guest.host().closed()).isTrue();
        }
    }

    @Test
    void anotherVersionIsNotSpokenTo() throws Exception {
        try (FakeGuest guest = new FakeGuest(FakeGuest.SOON)) {
            guest.hello(2);
            failsWith(ErrorCode.UNSUPPORTED, "another version", guest::host);
        }
    }

    @Test
    void aGuestThatDoesNotGreetIsNotWaitedFor() throws Exception {
        try (ShimSocket shim = new ShimSocket()) {
            Call<ShimTransport> connecting = new Call<>(() -> ShimTransport.connect(shim.path(), 1, FakeGuest.SOON));
            try (SocketChannel socket = shim.accept()) {
                ShimTransport transport = connecting.result();
                failsWith(
                        ErrorCode.DEADLINE_EXCEEDED,
                        "nothing within 50 ms",
                        () -> GuestConnection.open(transport, 1, BLINK));
                assertThat(socket.isOpen()).isTrue();
            }
        }
    }

    @Test
    void aPingThatIsNotAnsweredIsNotWaitedFor() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            failsWith(ErrorCode.DEADLINE_EXCEEDED, "no answer to a ping", () -> host.ping(BLINK));
            answers(guest, host);
        }
    }

    @Test
    void inputForAProcessThatHasEndedIsRefused() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<GuestProcess> starting =
                    new Call<>(() -> host.exec(ExecRequest.of("true").withInput()));
            int channel = guest.requested();
            guest.respond(channel, new FieldWriter().number(Tag.PROCESS, 1));
            guest.end(channel, new FieldWriter().number(Tag.CAUSE, 1).number(Tag.EXIT_CODE, 0));
            GuestProcess process = starting.result();
            assertThat(process.await(FakeGuest.SOON).orElseThrow().code()).isZero();
            failsWith(ErrorCode.CONFLICT, "takes no more bytes", () -> {
                process.stdin().write(1);
                return "written";
            });
        }
    }

    @Test
    void whatWasMeantForAnEarlierHostIsSkipped() throws Exception {
        try (FakeGuest guest = new FakeGuest(FakeGuest.SOON)) {
            guest.send(FrameType.DATA, 1, 1, new byte[100]);
            guest.send(FrameType.END, 1, 0, NONE);
            guest.send(
                    FrameType.HELLO,
                    0,
                    0,
                    new FieldWriter().number(Tag.VERSION, 9).number(Tag.EPOCH, 1));
            guest.hello(1);
            assertThat(guest.host().closed()).isFalse();
        }
    }

    @Test
    void aGuestThatHangsUpInTheMiddleOfAFrameHasEnded() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<byte[]> caller = new Call<>(() -> readAll(host));
            int channel = guest.requested();
            guest.respond(channel, stat());
            byte[] frame = new ShimSocket.Message(FrameType.DATA, channel, 1, new byte[100]).encode();
            guest.bytes(Arrays.copyOf(frame, frame.length / 2));
            guest.hangUp();
            failsWith(ErrorCode.SANDBOX_GONE, "has ended", caller::result);
        }
    }

    private static FieldWriter stat() {
        return new FieldWriter().number(Tag.TYPE, 1).number(Tag.SIZE, 3);
    }

    private static byte[] readAll(GuestConnection host) throws Exception {
        try (InputStream in = host.files().read("/file")) {
            return in.readAllBytes();
        }
    }

    private interface Waiting {
        Object run() throws Exception;
    }

    private static void failsWith(ErrorCode code, String says, Waiting caller) {
        assertThatThrownBy(caller::run).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(code);
            assertThat(failure).hasMessageContaining(says);
        });
    }

    @Test
    void requestsThatAreNeverAnsweredHaveABound() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            List<Call<FileInfo>> callers = new ArrayList<>();
            for (int i = 0; i < GuestConnection.CHANNELS_MAX; i++) {
                callers.add(new Call<>(() -> host.files().stat("/file")));
                guest.requested();
            }
            failsWith(ErrorCode.LIMIT_EXCEEDED, "1024 requests", () -> host.files()
                    .stat("/file"));
            host.close();
            for (Call<FileInfo> caller : callers) {
                failsWith(ErrorCode.SANDBOX_GONE, "was closed", caller::result);
            }
        }
    }

    /** The other channels of the connection go on: a slow disk is no crime. */
    @Test
    void aFileThatStopsComingIsGivenUp() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted(PROGRESS)) {
            GuestConnection host = guest.host();
            Call<byte[]> caller = new Call<>(() -> readAll(host));
            int channel = guest.requested();
            guest.respond(channel, stat());
            guest.send(FrameType.DATA, channel, 1, new byte[2]);
            failsWith(ErrorCode.DEADLINE_EXCEEDED, "made no progress for 500 ms", caller::result);
            assertThat(guest.next(FrameType.CANCEL).frame().channel()).isEqualTo(channel);
            answers(guest, host);
        }
    }

    private static void answers(FakeGuest guest, GuestConnection host) throws Exception {
        Call<FileInfo> caller = new Call<>(() -> host.files().stat("/file"));
        guest.end(guest.requested(), stat());
        assertThat(caller.result().size()).isEqualTo(3);
    }

    @Test
    void aFileThatIsNotTakenIsGivenUp() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted(PROGRESS)) {
            GuestConnection host = guest.host();
            Call<Object> caller = new Call<>(() -> {
                host.files().write("/file", new byte[3 << 20], 0644);
                return "written";
            });
            int channel = guest.requested();
            guest.respond(channel, NONE);
            for (int taken = 0; taken < 1 << 20; ) {
                taken += guest.next(FrameType.DATA).frame().length();
            }
            failsWith(ErrorCode.DEADLINE_EXCEEDED, "made no progress for 500 ms", caller::result);
            guest.next(FrameType.CANCEL);
            answers(guest, host);
        }
    }

    /** Programs wait for people. */
    @Test
    void aProcessMayBeQuietForLongerThanAFile() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted(PROGRESS)) {
            GuestConnection host = guest.host();
            Call<byte[]> caller =
                    new Call<>(() -> host.exec(ExecRequest.of("cat")).stdout().readAllBytes());
            int channel = guest.requested();
            guest.respond(channel, new FieldWriter().number(Tag.PROCESS, 1));
            // A file asked for later is given up first.
            Call<byte[]> file = new Call<>(() -> readAll(host));
            guest.respond(guest.requested(), stat());
            failsWith(ErrorCode.DEADLINE_EXCEEDED, "no progress", file::result);
            assertThat(caller.done()).isFalse();
            guest.send(FrameType.DATA, channel, 1, (byte) 'x');
            guest.send(FrameType.EOF, channel, 1);
            assertThat(caller.result()).isEqualTo(new byte[] {'x'});
        }
    }

    @Test
    void aGuestThatTakesNothingBlocksItsWriterAndNobodyElse() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<GuestProcess> starting =
                    new Call<>(() -> host.exec(ExecRequest.of("cat").withInput()));
            int channel = guest.requested();
            guest.respond(channel, new FieldWriter().number(Tag.PROCESS, 1));
            GuestProcess process = starting.result();
            Call<Object> writer = new Call<>(() -> {
                process.stdin().write(new byte[1 << 20]);
                return "written";
            });
            answers(guest, host);
            assertThat(writer.done()).isFalse();
            host.close();
            failsWith(ErrorCode.SANDBOX_GONE, "closed", writer::result);
        }
    }

    @Test
    void eventsThatNobodyFetchesAreDroppedAndItIsSaid() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<Watch> watching = new Call<>(() -> host.files().watch("/folder", true));
            int channel = guest.requested();
            guest.respond(channel, NONE);
            Watch watch = watching.result();
            FieldWriter change = new FieldWriter().number(Tag.KIND, 1).text(Tag.PATH, "x".repeat(4_000));
            for (int i = 0; i < 1_000; i++) {
                guest.send(FrameType.EVENT, channel, 0, change);
            }
            answers(guest, host);
            List<Watch.Kind> kinds = new ArrayList<>();
            for (var next = watch.poll(Duration.ZERO); next.isPresent(); next = watch.poll(Duration.ZERO)) {
                kinds.add(next.get().kind());
            }
            assertThat(kinds).hasSizeBetween(32, 128).endsWith(Watch.Kind.OVERFLOW);
        }
    }

    /** A million paths that are long on average would be gigabytes. */
    @Test
    void aListingIsCutWhereItsEntriesAreTooLong() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<Listing> caller = new Call<>(() -> host.files().list("/folder", 1, 1_000));
            int channel = guest.requested();
            guest.respond(channel, NONE);
            byte[] entry = new FieldWriter()
                    .bytes(Tag.ENTRY, stat().text(Tag.PATH, "x".repeat(10_000)).toBytes())
                    .toBytes();
            pouring(guest, channel, entry);
            assertThat(caller.result().truncated()).isTrue();
        }
    }

    @Test
    void aTextFileWithoutEndIsNotKept() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<String> caller = new Call<>(() -> host.files().readText("/proc/endless"));
            int channel = guest.requested();
            guest.respond(channel, stat());
            pouring(guest, channel, new byte[1 << 15]);
            failsWith(ErrorCode.LIMIT_EXCEEDED, "more than 16777216 bytes", caller::result);
        }
    }

    /** Sends it again and again, as there is credit for it, until the host has had enough. */
    private static void pouring(FakeGuest guest, int channel, byte[] piece) {
        new Call<>(() -> {
            for (long credit = 1 << 20; ; ) {
                for (; credit >= piece.length; credit -= piece.length) {
                    guest.send(FrameType.DATA, channel, 1, piece);
                }
                credit += guest.next(FrameType.CREDIT).payload().getInt();
            }
        });
    }

    /** What a terminal would obey in the guest's words never gets there. */
    @Test
    void theWordsOfAnErrorAreTamed() throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            Call<FileInfo> caller = new Call<>(() -> host.files().stat("/file"));
            String words = "\u001b[2Jgone\r\n" + "x".repeat(5_000);
            guest.send(
                    FrameType.ERROR,
                    guest.requested(),
                    0,
                    new FieldWriter().number(Tag.CODE, 2).text(Tag.MESSAGE, words));
            assertThatThrownBy(caller::result)
                    .isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.getMessage())
                            .contains("gone")
                            .doesNotContain("\u001b", "\r", "\n")
                            .hasSizeLessThan(2_000));
        }
    }
}
