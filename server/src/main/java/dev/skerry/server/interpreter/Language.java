package dev.skerry.server.interpreter;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.List;
import java.util.Locale;

/** What cells can be written in. */
enum Language {
    PYTHON("Python", "python3", "python3 py"),
    JAVASCRIPT("JavaScript", "node", "js node"),
    TYPESCRIPT("TypeScript", "node", "ts"),
    BASH("Bash", "bash", "sh shell");

    private final String title;
    private final String program;
    private final String aliases;

    Language(String title, String program, String aliases) {
        this.title = title;
        this.program = program;
        this.aliases = aliases;
    }

    /** As clients write it. */
    String id() {
        return name().toLowerCase(Locale.ROOT);
    }

    String title() {
        return title;
    }

    /** What must be in the sandbox. */
    String program() {
        return program;
    }

    /** @throws Failure {@code INVALID_REQUEST} that names those there are */
    static Language of(String name) {
        String wanted = name.strip().toLowerCase(Locale.ROOT);
        for (Language language : values()) {
            if (language.id().equals(wanted)
                    || List.of(language.aliases.split(" ", -1)).contains(wanted)) {
                return language;
            }
        }
        String known =
                String.join(", ", List.of(values()).stream().map(Language::id).toList());
        throw new Failure(ErrorCode.INVALID_REQUEST, "there is no language '" + name + "' here", "use one of " + known);
    }
}
