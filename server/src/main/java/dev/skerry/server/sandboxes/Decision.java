package dev.skerry.server.sandboxes;

import dev.skerry.wire.ErrorCode;
import java.util.List;

/** What follows from an event. */
sealed interface Decision {
    /**
     * To be stored, and then carried out.
     *
     * @param sandbox with the next revision
     * @param notes for its history, to be stored with it
     */
    record Changed(Sandbox sandbox, List<Effect> effects, List<Note> notes) implements Decision {
        public Changed {
            effects = List.copyOf(effects);
            notes = List.copyOf(notes);
        }
    }

    /** Nothing is stored, but the host has to hear something again. */
    record Repeated(List<Effect> effects) implements Decision {
        public Repeated {
            effects = List.copyOf(effects);
        }
    }

    record Unchanged() implements Decision {}

    record Refused(ErrorCode code, String message) implements Decision {}
}
