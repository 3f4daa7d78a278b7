package dev.skerry.wire;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Text of the stream as strings. Linux names are bytes, usually UTF-8 but not always: a byte {@code b} that is not part
 * of valid UTF-8 becomes the lone surrogate {@code U+DC00 + b} and turns back into that byte (as in Python's PEP 383),
 * so that every name survives the way through a string.
 */
public final class FieldsText {
    private static final char ESCAPE_FIRST = 0xDC80;
    private static final char ESCAPE_LAST = 0xDCFF;
    private static final int SHOWN_MAX = 200;

    private FieldsText() {}

    /** Any bytes as a string. */
    public static String decode(byte[] bytes, int from, int to) {
        String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
        return text.indexOf('\uFFFD') < 0 ? text : decodeEscaping(bytes, from, to);
    }

    private static String decodeEscaping(byte[] bytes, int from, int to) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes, from, to - from);
        CharBuffer out = CharBuffer.allocate(to - from);
        while (true) {
            CoderResult result = decoder.decode(in, out, true);
            if (!result.isError()) {
                return out.flip().toString();
            }
            for (int i = 0; i < result.length(); i++) {
                out.put((char) (0xDC00 | Byte.toUnsignedInt(in.get())));
            }
            decoder.reset();
        }
    }

    /**
     * The bytes of a string.
     *
     * @throws Failure INVALID_REQUEST for a NUL, or a lone surrogate that does not stand for a byte
     */
    public static byte[] encode(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new Failure(ErrorCode.INVALID_REQUEST, shown(text) + " must not contain NUL");
        }
        return text.chars().anyMatch(c -> Character.isSurrogate((char) c))
                ? encodeEscaped(text)
                : text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] encodeEscaped(String text) {
        ByteBuffer out = ByteBuffer.allocate(text.length() * 3);
        for (int i = 0; i < text.length(); ) {
            int point = text.codePointAt(i);
            if (point >= ESCAPE_FIRST && point <= ESCAPE_LAST) {
                out.put((byte) point);
            } else if (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE) {
                throw new Failure(ErrorCode.INVALID_REQUEST, shown(text) + " contains half a character");
            } else {
                out.put(Character.toString(point).getBytes(StandardCharsets.UTF_8));
            }
            i += Character.charCount(point);
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    /**
     * A text of unknown origin in quotes, for messages and terminals: at most 200 characters, control characters
     * replaced.
     */
    public static String shown(String text) {
        String head = text.length() <= SHOWN_MAX ? text : text.substring(0, SHOWN_MAX) + "…";
        return "'" + printable(head) + "'";
    }

    /** The text with control characters and halves of characters replaced by question marks. */
    public static String printable(String text) {
        StringBuilder printable = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> Character.isISOControl(point)
                                || Character.getType(point) == Character.FORMAT
                                || Character.getType(point) == Character.SURROGATE
                        ? '?'
                        : point)
                .forEach(printable::appendCodePoint);
        return printable.toString();
    }
}
