package dev.skerry.server.piston;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** What JavaScript makes of values, where clients can see it: Piston checks and passes on as that does. */
final class Js {
    private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};
    private static final double EXACT_MAX = 1L << 53;

    private Js() {}

    /** Absent, null, false, 0 and the empty string. */
    static boolean falsy(@Nullable JsonNode value) {
        return absent(value)
                || (value.isBoolean() && !value.booleanValue())
                || (value.isNumber() && number(value) == 0)
                || (value.isString() && value.stringValue().isEmpty());
    }

    /** Of a number; a whole one that is too large for that is infinite. */
    static double number(JsonNode value) {
        return value.isBigInteger() ? value.bigIntegerValue().doubleValue() : value.doubleValue();
    }

    /** What {@code ??} replaces. */
    static boolean absent(@Nullable JsonNode value) {
        return value == null || value.isNull() || value.isMissingNode();
    }

    /** As {@code String(value)}. */
    static String text(@Nullable JsonNode value) {
        if (value == null) {
            return "undefined";
        }
        if (value.isNull()) {
            return "null";
        }
        if (value.isString()) {
            return value.stringValue();
        }
        if (value.isNumber()) {
            double number = number(value);
            return Math.rint(number) == number && Math.abs(number) <= EXACT_MAX
                    ? String.valueOf((long) number)
                    : String.valueOf(number);
        }
        if (value.isArray()) {
            List<String> parts = new ArrayList<>();
            value.forEach(item -> parts.add(absent(item) ? "" : text(item)));
            return String.join(",", parts);
        }
        return value.isObject() ? "[object Object]" : value.asString();
    }

    /** As {@code [...value]}; empty for what cannot be spread. */
    static Optional<List<String>> spread(JsonNode value) {
        if (value.isString()) {
            return Optional.of(value.stringValue()
                    .codePoints()
                    .mapToObj(Character::toString)
                    .toList());
        }
        if (!value.isArray()) {
            return Optional.empty();
        }
        List<String> items = new ArrayList<>();
        value.forEach(item -> items.add(text(item)));
        return Optional.of(items);
    }

    /** As UTF-8; half of a pair of surrogates is replaced. */
    static byte[] utf8(String text) {
        try {
            ByteBuffer encoded = StandardCharsets.UTF_8
                    .newEncoder()
                    .onMalformedInput(CodingErrorAction.REPLACE)
                    .replaceWith(REPLACEMENT)
                    .encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As {@code Buffer.from(text, 'hex')}: up to the first that is no pair of digits. */
    static byte[] hex(String text) {
        var bytes = new ByteArrayOutputStream();
        for (int i = 0; i + 1 < text.length(); i += 2) {
            int high = digit(text.charAt(i));
            int low = digit(text.charAt(i + 1));
            if (high < 0 || low < 0) {
                break;
            }
            bytes.write(high << 4 | low);
        }
        return bytes.toByteArray();
    }

    private static int digit(char c) {
        return c < 128 ? Character.digit(c, 16) : -1;
    }

    /** As {@code Buffer.from(text, 'base64')}: both alphabets, without what belongs to neither, up to the padding. */
    static byte[] base64(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '=') {
                break;
            }
            if (c == '-' || c == '+') {
                plain.append('+');
            } else if (c == '_' || c == '/') {
                plain.append('/');
            } else if (c < 128 && Character.isLetterOrDigit(c)) {
                plain.append(c);
            }
        }
        // One digit alone has no byte.
        plain.setLength(plain.length() - (plain.length() % 4 == 1 ? 1 : 0));
        return Base64.getDecoder().decode(plain.toString());
    }
}
