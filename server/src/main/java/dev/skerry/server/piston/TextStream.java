package dev.skerry.server.piston;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Bytes that come in pieces, as text: what is not UTF-8 is replaced, and a character that is cut by the end of a piece
 * waits for its rest. For one thread at a time.
 */
final class TextStream {
    private static final int CHARACTER_BYTES_MAX = 4;

    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private byte[] rest = new byte[0];

    String next(byte[] bytes, int length) {
        ByteBuffer in = ByteBuffer.allocate(rest.length + length)
                .put(rest)
                .put(bytes, 0, length)
                .flip();
        CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
        decoder.decode(in, out, false);
        rest = new byte[in.remaining()];
        in.get(rest);
        return out.flip().toString();
    }

    /** What is left of a character that did not become whole. */
    String end() {
        CharBuffer out = CharBuffer.allocate(CHARACTER_BYTES_MAX);
        decoder.decode(ByteBuffer.wrap(rest), out, true);
        decoder.flush(out);
        decoder.reset();
        rest = new byte[0];
        return out.flip().toString();
    }

    /** As a whole. A text that was cut at its limit loses the character that the cut went through. */
    static String of(byte[] bytes, boolean cut) {
        TextStream stream = new TextStream();
        String text = stream.next(bytes, bytes.length);
        return cut ? text : text + stream.end();
    }
}
