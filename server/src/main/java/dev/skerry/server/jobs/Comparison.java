package dev.skerry.server.jobs;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;

/** Whether what a program wrote is what was expected. */
public sealed interface Comparison {
    boolean same(byte[] expected, byte[] actual);

    /** Byte for byte. */
    record Exact() implements Comparison {
        @Override
        public boolean same(byte[] expected, byte[] actual) {
            return Arrays.equals(expected, actual);
        }
    }

    /** The same words, with whatever whitespace of ASCII between and around them. */
    record Token() implements Comparison {
        @Override
        public boolean same(byte[] expected, byte[] actual) {
            Words left = new Words(expected);
            Words right = new Words(actual);
            while (left.nextOfBoth(right)) {
                if (!left.equalTo(right)) {
                    return false;
                }
            }
            return left.ended() && right.ended();
        }
    }

    /**
     * The same words, where two that are both numbers are the same when they are close enough by one of the tolerances.
     * Not a number and infinity are close to themselves only.
     */
    record Floating(double absolute, double relative) implements Comparison {
        private static final Pattern NUMBER = Pattern.compile("[+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d{1,5})?");

        /** Beyond that it is no number that anybody meant. */
        private static final int NUMBER_LENGTH_MAX = 400;

        @Override
        public boolean same(byte[] expected, byte[] actual) {
            Words left = new Words(expected);
            Words right = new Words(actual);
            while (left.nextOfBoth(right)) {
                if (!left.equalTo(right) && !close(left.text(), right.text())) {
                    return false;
                }
            }
            return left.ended() && right.ended();
        }

        private boolean close(String expected, String actual) {
            if (!number(expected) || !number(actual)) {
                return expected.equalsIgnoreCase(actual) && special(expected);
            }
            double wanted = Double.parseDouble(expected);
            double found = Double.parseDouble(actual);
            if (!Double.isFinite(wanted) || !Double.isFinite(found)) {
                return false; // too large to be compared, and not the same text
            }
            double difference = Math.abs(wanted - found);
            return difference <= absolute || difference <= relative * Math.abs(wanted);
        }

        private static boolean number(String text) {
            return text.length() <= NUMBER_LENGTH_MAX && NUMBER.matcher(text).matches();
        }

        private static boolean special(String text) {
            return Pattern.matches("(?i)[+-]?(?:nan|inf|infinity)", text);
        }
    }

    /** The words of a text, one after the other; none is copied that is not asked for. */
    final class Words {
        private final byte[] bytes;
        private int begin;
        private int end;

        private Words(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Whether there is one more. */
        private boolean next() {
            begin = end;
            while (begin < bytes.length && white(bytes[begin])) {
                begin++;
            }
            end = begin;
            while (end < bytes.length && !white(bytes[end])) {
                end++;
            }
            return begin < end;
        }

        /** Looks for the next one in both. */
        private boolean nextOfBoth(Words other) {
            boolean more = next();
            return other.next() && more;
        }

        private boolean ended() {
            return begin == bytes.length;
        }

        private boolean equalTo(Words other) {
            return Arrays.equals(bytes, begin, end, other.bytes, other.begin, other.end);
        }

        private String text() {
            return new String(bytes, begin, end - begin, StandardCharsets.UTF_8);
        }

        private static boolean white(byte each) {
            return each == ' ' || (each >= '\t' && each <= '\r');
        }
    }
}
