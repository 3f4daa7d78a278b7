package dev.skerry.host.seccomp;

import java.util.Arrays;
import java.util.List;

/**
 * What the list says of one system call. Conditions concern the low 32 bits of an argument and answer EPERM when they
 * fail, or what they say.
 */
sealed interface SyscallRule {
    /** The same whatever the arguments. */
    record Always(Ruling verdict) implements SyscallRule {}

    /** Allowed if no bit of the mask is set. */
    record NoneSet(int argument, int mask) implements SyscallRule {}

    /**
     * Allowed if the argument is one of the values.
     *
     * @param otherwise the answer where it is none of them
     */
    record OneOf(int argument, List<Integer> values, Ruling otherwise) implements SyscallRule {
        public OneOf {
            values = List.copyOf(values);
        }
    }

    /** Allowed if the argument is none of the values. */
    record NoneOf(int argument, List<Integer> values) implements SyscallRule {
        public NoneOf {
            values = List.copyOf(values);
        }
    }

    /** Allowed if either allows it: a combination of two arguments is refused. */
    record Either(NoneOf one, NoneOf other) implements SyscallRule {}

    /** The words behind the name in a line of the list; the list itself describes their forms. */
    static SyscallRule parse(String text) {
        var words = Arrays.asList(text.split(" +", -1));
        if (text.isEmpty()) {
            return new Always(Ruling.ALLOW);
        }
        if (text.matches("errno [0-9]+")) {
            return new Always(new Ruling(number(words.get(1))));
        }
        if (text.matches("arg[0-5] & \\S+ == 0")) {
            return new NoneSet(argument(words), number(words.get(2)));
        }
        if (text.matches("arg[0-5] in \\S.* else [0-9]+")) {
            var values = numbers(words.subList(2, words.size() - 2));
            return new OneOf(argument(words), values, new Ruling(number(words.getLast())));
        }
        if (text.matches("arg[0-5] in \\S.*")) {
            return new OneOf(argument(words), numbers(words.subList(2, words.size())), Ruling.EPERM);
        }
        String[] parts = text.split(" or ", -1);
        if (parts.length == 2 && parse(parts[0]) instanceof NoneOf one && parse(parts[1]) instanceof NoneOf other) {
            return new Either(one, other);
        }
        if (text.matches("arg[0-5] not in \\S.*")) {
            return new NoneOf(argument(words), numbers(words.subList(3, words.size())));
        }
        throw new IllegalStateException("not a condition of a system call: '" + text + "'");
    }

    /** What becomes of a call with these arguments. */
    default Ruling verdict(long... arguments) {
        return switch (this) {
            case Always(var verdict) -> verdict;
            case NoneSet(var argument, var mask) -> allowedIf(((int) arguments[argument] & mask) == 0);
            case OneOf(var argument, var values, var otherwise) ->
                values.contains((int) arguments[argument]) ? Ruling.ALLOW : otherwise;
            case NoneOf(var argument, var values) -> allowedIf(!values.contains((int) arguments[argument]));
            case Either(var one, var other) ->
                allowedIf(one.verdict(arguments).equals(Ruling.ALLOW)
                        || other.verdict(arguments).equals(Ruling.ALLOW));
        };
    }

    private static Ruling allowedIf(boolean condition) {
        return condition ? Ruling.ALLOW : Ruling.EPERM;
    }

    private static int argument(List<String> words) {
        return words.getFirst().charAt("arg".length()) - '0';
    }

    private static List<Integer> numbers(List<String> words) {
        return words.stream().map(SyscallRule::number).toList();
    }

    private static int number(String text) {
        return (int) (long) Long.decode(text);
    }
}
