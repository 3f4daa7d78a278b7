package dev.skerry.server.piston;

import java.util.List;
import java.util.OptionalInt;

/** Names of signals: signal(7), Linux on x86 and ARM. */
final class Signals {
    /** By number, from 1. */
    private static final List<String> NAMES = List.of(
            "SIGHUP",
            "SIGINT",
            "SIGQUIT",
            "SIGILL",
            "SIGTRAP",
            "SIGABRT",
            "SIGBUS",
            "SIGFPE",
            "SIGKILL",
            "SIGUSR1",
            "SIGSEGV",
            "SIGUSR2",
            "SIGPIPE",
            "SIGALRM",
            "SIGTERM",
            "SIGSTKFLT",
            "SIGCHLD",
            "SIGCONT",
            "SIGSTOP",
            "SIGTSTP",
            "SIGTTIN",
            "SIGTTOU",
            "SIGURG",
            "SIGXCPU",
            "SIGXFSZ",
            "SIGVTALRM",
            "SIGPROF",
            "SIGWINCH",
            "SIGIO",
            "SIGPWR",
            "SIGSYS");

    private Signals() {}

    static String name(int number) {
        return number >= 1 && number <= NAMES.size() ? NAMES.get(number - 1) : "SIG" + number;
    }

    /** Empty for a name that is none, in any other case too. */
    static OptionalInt number(String name) {
        String known =
                switch (name) {
                    case "SIGIOT" -> "SIGABRT";
                    case "SIGCLD" -> "SIGCHLD";
                    case "SIGPOLL" -> "SIGIO";
                    default -> name;
                };
        int index = NAMES.indexOf(known);
        return index < 0 ? OptionalInt.empty() : OptionalInt.of(index + 1);
    }
}
