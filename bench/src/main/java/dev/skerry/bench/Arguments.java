package dev.skerry.bench;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** The words after a command of the benchmark, one after the other. What is wrong with one is a {@link Failure}. */
public final class Arguments {
    private static final String WHOLE_NUMBER = "[1-9][0-9]{0,8}";

    private final String command;
    private final Iterator<String> words;
    private String name = "";

    /** @param command as it is typed, without {@code skerry} */
    public Arguments(String command, List<String> words) {
        this.command = command;
        this.words = List.copyOf(words).iterator();
    }

    /** Goes on to the next argument, if there is one. */
    public boolean next() {
        if (!words.hasNext()) {
            return false;
        }
        name = words.next();
        return true;
    }

    public String name() {
        return name;
    }

    /** What follows the argument. */
    public String value() {
        if (!words.hasNext()) {
            throw wrong(name + " needs a value");
        }
        return words.next();
    }

    public Path path() {
        return Path.of(value());
    }

    /** From 1 to 999,999,999. */
    public int number() {
        String text = value();
        if (!text.matches(WHOLE_NUMBER)) {
            throw wrong(name + " is a whole number above zero, not '" + text + "'");
        }
        return Integer.parseInt(text);
    }

    /** One of a few words. */
    public String oneOf(List<String> known) {
        String word = value();
        if (!known.contains(word)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + word + "' is nothing that " + name + " takes",
                    "one of " + String.join(", ", known));
        }
        return word;
    }

    public Failure unknown() {
        return wrong("'" + name + "' is not an argument of " + command);
    }

    public Failure wrong(String what) {
        return new Failure(ErrorCode.INVALID_REQUEST, what, "skerry " + command + " --help");
    }
}
