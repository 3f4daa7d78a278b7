package dev.skerry.wire.jobs;

import java.util.List;
import java.util.Optional;

/**
 * One run of the program.
 *
 * @param stdin all that it can read; empty: whoever listens writes to {@link JobControl#stdin()} and closes it
 * @param arguments what follows the program on its command line; others than a process can have are refused
 */
@SuppressWarnings("ArrayRecordComponent") // written once into the sandbox; never compared
public record JobCase(Optional<byte[]> stdin, List<String> arguments, StageLimits limits) {
    public JobCase {
        arguments = ProcessTexts.arguments(arguments);
    }
}
