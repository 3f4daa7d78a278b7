package dev.skerry.cli.client;

import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads {@code /proc/net/tcp} and {@code /proc/net/tcp6} (proc_pid_net(5)). */
public final class ListeningPorts {
    /** The number, the local address with its port, the other end, and state 0A, which is TCP_LISTEN. */
    private static final Pattern LISTENING =
            Pattern.compile("\\s*[0-9]+: [0-9A-F]{8,32}:([0-9A-F]{4}) [0-9A-F]{8,32}:[0-9A-F]{4} 0A .*");

    private ListeningPorts() {}

    /** On whatever address: the gateway reaches each of them. Lines that are none of the kernel's are passed over. */
    public static SortedSet<Integer> of(String tables) {
        SortedSet<Integer> ports = new TreeSet<>();
        tables.lines().forEach(line -> {
            Matcher matcher = LISTENING.matcher(line);
            if (matcher.matches()) {
                ports.add(Integer.parseInt(matcher.group(1), 16));
            }
        });
        ports.remove(0);
        return ports;
    }
}
