package dev.skerry.server.interpreter;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Decodes a stream that is cut anywhere; what is not UTF-8 becomes U+FFFD. Not thread-safe. */
final class Utf8 {
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private byte[] rest = {};

    /** The characters that are complete. */
    String decode(byte[] bytes, int from, int to) {
        ByteBuffer in = ByteBuffer.allocate(rest.length + to - from);
        in.put(rest).put(bytes, from, to - from).flip();
        CharBuffer out = CharBuffer.allocate(in.remaining());
        decoder.decode(in, out, false);
        rest = new byte[in.remaining()];
        in.get(rest);
        return out.flip().toString();
    }

    /** What is left when no more can come. */
    String finish() {
        String last = rest.length == 0 ? "" : "\ufffd";
        rest = new byte[0];
        decoder.reset();
        return last;
    }
}
