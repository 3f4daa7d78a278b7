package dev.skerry.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class FrameTest {
    private static ByteBuffer buffer() {
        return ByteBuffer.allocate(Frame.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static ByteBuffer bytes(String hex) {
        return ByteBuffer.wrap(HexFormat.ofDelimiter(" ").parseHex(hex)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Section 1 of docs/protocol.md, byte by byte. */
    @Test
    void theHeaderIsAsWrittenDown() throws ProtocolViolation {
        ByteBuffer header = buffer();
        new Frame(0x1234, 0x0A0B0C0D, FrameType.DATA.number(), 2).write(header);
        assertThat(header.flip()).isEqualTo(bytes("34 12 00 00 0d 0c 0b 0a 04 02 00 00"));
        assertThat(Frame.read(bytes("f4 ff 00 00 ff ff ff ff ff ff 00 00")))
                .isEqualTo(new Frame(65_524, Frame.SHIM, 255, 255));
    }

    @Property
    void whatIsWrittenIsRead(
            @ForAll @IntRange(max = Frame.PAYLOAD_BYTES_MAX) int length,
            @ForAll int channel,
            @ForAll @IntRange(max = 255) int type,
            @ForAll @IntRange(max = 255) int flags)
            throws ProtocolViolation {
        Frame frame = new Frame(length, channel, type, flags);
        ByteBuffer header = buffer();
        frame.write(header);
        assertThat(Frame.read(header.flip())).isEqualTo(frame);
    }

    @Test
    void aLengthOutOfBoundsIsRefused() {
        for (String length : new String[] {"f5 ff 00 00", "ff ff ff 7f", "00 00 00 80", "ff ff ff ff"}) {
            assertThatThrownBy(() -> Frame.read(bytes(length + " 01 00 00 00 04 01 00 00")))
                    .isInstanceOf(ProtocolViolation.class)
                    .hasMessageContaining("a frame of ");
        }
    }

    @Test
    void reservedBytesAreZero() {
        for (String reserved : new String[] {"01 00", "00 01"}) {
            assertThatThrownBy(() -> Frame.read(bytes("00 00 00 00 01 00 00 00 04 01 " + reserved)))
                    .isInstanceOf(ProtocolViolation.class)
                    .hasMessageContaining("reserved");
        }
    }
}
