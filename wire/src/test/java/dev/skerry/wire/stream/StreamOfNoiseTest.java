package dev.skerry.wire.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Frame;
import dev.skerry.wire.Tag;
import dev.skerry.wire.stream.FakeGuest.Call;
import dev.skerry.wire.stream.ShimSocket.Message;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** Whatever a guest says behind its hello, no caller waits for ever and nothing of it is a fault of the host's. */
class StreamOfNoiseTest {
    /** A good answer to each of the callers, which gets a conversation further. */
    private static final List<Map.Entry<Tag, Long>> ACCEPTED = List.of(
            Map.entry(Tag.PROCESS, 1L),
            Map.entry(Tag.TYPE, 1L),
            Map.entry(Tag.CAUSE, 1L),
            Map.entry(Tag.EXIT_CODE, 0L),
            Map.entry(Tag.SIZE, 0L));

    @Property(tries = 1_000, edgeCases = EdgeCasesMode.NONE)
    void nothingThatAGuestSaysIsAFaultOfOurs(@ForAll("conversations") List<Message> conversation) throws Exception {
        try (FakeGuest guest = FakeGuest.greeted()) {
            GuestConnection host = guest.host();
            List<Callable<Object>> actions = List.of(
                    () -> host.files().stat("/"),
                    () -> host.files().list("/"),
                    () -> host.files().readText("/file"),
                    () -> host.exec(ExecRequest.of("true")).await(FakeGuest.SOON));
            List<Call<Object>> callers = actions.stream().map(Call::new).toList();
            for (int i = 0; i < callers.size(); i++) {
                guest.requested();
            }
            say(guest, conversation);
            for (Call<Object> caller : callers) {
                assertThat(codeOf(caller)).isNotEqualTo(ErrorCode.INTERNAL);
            }
            Eventually.holds(host::closed);
            assertThat(host.cause().map(Failure::code)).contains(ErrorCode.SANDBOX_GONE);
        }
    }

    private static void say(FakeGuest guest, List<Message> conversation) throws IOException {
        try {
            for (Message message : conversation) {
                guest.bytes(message.encode());
            }
        } catch (IOException e) {
            // The host has heard enough and hung up.
        }
        guest.hangUp();
    }

    /** What the caller got: a result is as good as any refusal. */
    private static ErrorCode codeOf(Call<Object> caller) throws Exception {
        try {
            caller.result();
            return ErrorCode.SANDBOX_GONE;
        } catch (Failure failure) {
            return failure.code();
        }
    }

    @Provide
    Arbitrary<List<Message>> conversations() {
        Arbitrary<Integer> types = Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.of(3, 4, 5, 8)), // what would be right: RESPONSE, DATA, EOF, END
                Tuple.of(1, Arbitraries.integers().between(0, 20)));
        Arbitrary<Integer> channels = Arbitraries.frequencyOf(
                Tuple.of(20, Arbitraries.integers().between(1, 4)),
                Tuple.of(1, Arbitraries.of(0, 5, Frame.SHIM, Integer.MIN_VALUE)));
        return Combinators.combine(channels, types, Arbitraries.integers().between(0, 3), payloads())
                .as((channel, type, flags, payload) ->
                        new Message(new Frame(payload.length, channel, type, flags), ByteBuffer.wrap(payload)))
                .list()
                .ofMaxSize(12);
    }

    private static Arbitrary<byte[]> payloads() {
        Arbitrary<byte[]> noise = Arbitraries.bytes().array(byte[].class).ofMaxSize(64);
        Arbitrary<Long> numbers = Arbitraries.oneOf(Arbitraries.longs().between(0, 4), Arbitraries.longs());
        Arbitrary<byte[]> fields = Combinators.combine(Arbitraries.of(Tag.class), numbers)
                .as(Map::entry)
                .list()
                .ofMaxSize(6)
                .map(StreamOfNoiseTest::encoded);
        return Arbitraries.oneOf(noise, Arbitraries.of(new byte[0], encoded(ACCEPTED)), fields);
    }

    private static byte[] encoded(List<Map.Entry<Tag, Long>> fields) {
        FieldWriter writer = new FieldWriter();
        fields.forEach(field -> writer.number(field.getKey(), field.getValue()));
        return writer.toBytes();
    }
}
