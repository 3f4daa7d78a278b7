package dev.skerry.host.seccomp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The resource files of this package: numbers of an architecture's system calls, and the list of allowed ones. */
final class SyscallList {
    private SyscallList() {}

    /** Every system call of an architecture by name. */
    static Map<String, Integer> numbers(Arch arch) {
        var numbers = new HashMap<String, Integer>();
        for (var line : lines("syscalls-" + arch.label() + ".txt")) {
            int space = line.indexOf(' ');
            numbers.put(line.substring(space + 1), Integer.valueOf(line.substring(0, space)));
        }
        return Collections.unmodifiableMap(numbers);
    }

    /** What the list of allowed calls says, by name, also of calls that an architecture lacks. */
    static Map<String, SyscallRule> rules() {
        var rules = new TreeMap<String, SyscallRule>();
        for (var line : lines("allowed.txt")) {
            int space = line.indexOf(' ');
            String name = space < 0 ? line : line.substring(0, space);
            if (rules.put(name, SyscallRule.parse(line.substring(name.length()).strip())) != null) {
                throw new IllegalStateException(name + " is listed twice");
            }
        }
        return Collections.unmodifiableMap(rules);
    }

    /** Without comments and empty lines. */
    private static List<String> lines(String resource) {
        try (var stream = SyscallList.class.getResourceAsStream(resource)) {
            if (stream == null) {
                throw new IllegalStateException("the program was built without " + resource);
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .map(line -> line.replaceFirst("#.*", "").strip())
                    .filter(line -> !line.isEmpty())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
