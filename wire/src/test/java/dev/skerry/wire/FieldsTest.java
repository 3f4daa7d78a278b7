package dev.skerry.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class FieldsTest {
    private static Fields fields(byte... bytes) throws ProtocolViolation {
        return Fields.read(ByteBuffer.wrap(bytes));
    }

    private static Fields fields(FieldWriter writer) throws ProtocolViolation {
        return fields(writer.toBytes());
    }

    private static void violates(String says, ThrowingCallable reading) {
        assertThatThrownBy(reading).isInstanceOf(ProtocolViolation.class).hasMessageContaining(says);
    }

    /** Section 2 of docs/protocol.md, byte by byte. */
    @Test
    void aFieldIsAsWrittenDown() {
        byte[] written = new FieldWriter()
                .number(Tag.PATH, -2)
                .text(Tag.OP, "hé")
                .numbers(Tag.CODE, 1, 256)
                .toBytes();
        assertThat(HexFormat.of().formatHex(written))
                .isEqualTo("20080000feffffffffffffff" + "0103000068c3a9" + "02100000" + "0100000000000000"
                        + "0001000000000000");
    }

    @Property
    void numbersAndTextsComeBack(@ForAll @Size(max = 20) List<Long> numbers, @ForAll @Size(max = 20) List<String> texts)
            throws ProtocolViolation {
        FieldWriter writer = new FieldWriter();
        List<String> sendable = texts.stream().filter(FieldsTest::sendable).toList();
        numbers.forEach(number -> writer.number(Tag.OFFSET, number));
        sendable.forEach(text -> writer.text(Tag.ARG, text));
        Fields read = fields(writer);
        assertThat(read.numbers(Tag.OFFSET)).isEqualTo(numbers);
        assertThat(read.texts(Tag.ARG)).isEqualTo(sendable);
        assertThat(read.has(Tag.ARG)).isEqualTo(!sendable.isEmpty());
        assertThat(read.has(Tag.ENV)).isFalse();
        if (!numbers.isEmpty()) {
            assertThat(read.number(Tag.OFFSET, 0)).isEqualTo(numbers.getLast());
        }
    }

    private static boolean sendable(String text) {
        try {
            FieldsText.encode(text);
            return true;
        } catch (Failure e) {
            return false;
        }
    }

    @Property
    void bytesComeBackAndNestedFieldsToo(@ForAll @Size(max = 300) byte[] bytes) throws ProtocolViolation {
        FieldWriter inner = new FieldWriter().bytes(Tag.VALUE, bytes).number(Tag.KIND, 7);
        FieldWriter outer = new FieldWriter();
        outer.bytes(Tag.ENTRY, inner.toBytes()).bytes(Tag.ENTRY, new byte[0]);
        List<Fields> nested = fields(outer).nested(Tag.ENTRY);
        assertThat(nested).hasSize(2);
        assertThat(nested.getFirst().bytes(Tag.VALUE)).contains(bytes);
        assertThat(nested.getFirst().require(Tag.KIND)).isEqualTo(7);
        assertThat(nested.getLast().has(Tag.KIND)).isFalse();
    }

    @Test
    void cutOffAnywhereItIsRefused() throws ProtocolViolation {
        byte[] whole =
                new FieldWriter().number(Tag.SIZE, 5).text(Tag.PATH, "name").toBytes();
        List<Integer> boundaries = List.of(0, 12, whole.length);
        for (int length = 0; length <= whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            if (boundaries.contains(length)) {
                assertThat(fields(part).has(Tag.PATH)).isEqualTo(length == whole.length);
            } else {
                violates("a field is ", () -> fields(part));
            }
        }
    }

    @Test
    void aLengthThatLeadsOutOfItIsRefused() {
        for (byte[] bytes : new byte[][] {{1, 1, 0, 0}, {1, 0, 0, 1, 0}, {1, -1, -1, -1}}) {
            violates("longer than what holds it", () -> fields(bytes));
        }
        violates("cut off", () -> fields((byte) 1, (byte) 0, (byte) 0));
    }

    @Test
    void aNestedFieldIsCheckedAsWell() throws ProtocolViolation {
        Fields outer = fields(new FieldWriter().bytes(Tag.ENTRY, new byte[] {1, 9, 0, 0}));
        violates("longer than what holds it", () -> outer.nested(Tag.ENTRY));
    }

    @Test
    void anUnknownTagIsSkipped() throws ProtocolViolation {
        byte[] known = new FieldWriter().number(Tag.SIZE, 5).toBytes();
        byte[] all = new byte[known.length + 6];
        all[0] = (byte) 250;
        all[1] = 2;
        System.arraycopy(known, 0, all, 6, known.length);
        assertThat(fields(all).require(Tag.SIZE)).isEqualTo(5);
    }

    @Test
    void aNumberHasEightBytesAndItsBounds() throws ProtocolViolation {
        Fields odd = fields(new FieldWriter().bytes(Tag.SIZE, new byte[7]).number(Tag.MODE, -1));
        violates("SIZE is not an integer of 8 bytes", () -> odd.number(Tag.SIZE));
        violates("MODE -1 is outside of 0 to 7", () -> odd.require(Tag.MODE, 0, 7));
        violates("MODE -1 is outside of 0 to 7", () -> odd.optional(Tag.MODE, 0, 7));
        violates("no PATH", () -> odd.require(Tag.PATH));
        assertThat(odd.optional(Tag.PATH, 1, 7)).isZero();
    }

    @Test
    void aTextHasNoNul() throws ProtocolViolation {
        Fields read = fields(new FieldWriter().bytes(Tag.PATH, new byte[] {'a', 0, 'b'}));
        violates("PATH contains NUL", () -> read.text(Tag.PATH));
        violates("PATH contains NUL", () -> read.texts(Tag.PATH));
        assertThat(read.bytes(Tag.PATH)).contains(new byte[] {'a', 0, 'b'});
    }

    @Property(tries = 2_000)
    void anyBytesAreReadOrRefused(@ForAll @Size(max = 64) byte[] noise) {
        try {
            Fields read = fields(noise);
            for (Tag tag : Tag.values()) {
                read.has(tag);
                read.bytes(tag);
                tryAll(read, tag);
            }
        } catch (ProtocolViolation e) {
            assertThat(e).hasMessageContaining("a field is ");
        }
    }

    private static void tryAll(Fields read, Tag tag) {
        List<ThrowingCallable> accessors = List.of(
                () -> read.number(tag),
                () -> read.numbers(tag),
                () -> read.text(tag),
                () -> read.texts(tag),
                () -> read.nested(tag));
        for (ThrowingCallable accessor : accessors) {
            try {
                accessor.call();
            } catch (Throwable e) {
                assertThat(e).isInstanceOf(ProtocolViolation.class);
            }
        }
    }

    @Test
    void whatCannotBeSentIsRefusedBefore() {
        String endless = "x".repeat(FieldWriter.TEXT_BYTES_MAX + 1);
        for (String text : List.of("a\0b", endless, "half \uD83D")) {
            assertThatThrownBy(() -> new FieldWriter().text(Tag.ARG, text))
                    .isInstanceOfSatisfying(
                            Failure.class, failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        }
        assertThatThrownBy(() -> new FieldWriter().bytes(Tag.VALUE, new byte[1 << 24]))
                .isInstanceOf(Failure.class);
    }
}
