package dev.skerry.host.jobs;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.Optional;

/**
 * Where a job's standard streams lead. Output is passed on byte for byte as it comes, or, where there is no stream,
 * kept for the result.
 *
 * @param stdin read by a thread that may go on reading after the program has ended; not closed
 */
public record JobStreams(InputStream stdin, Optional<OutputStream> stdout, Optional<OutputStream> stderr) {
    public static JobStreams passing(InputStream stdin, OutputStream stdout, OutputStream stderr) {
        return new JobStreams(stdin, Optional.of(stdout), Optional.of(stderr));
    }

    public static JobStreams keeping(InputStream stdin) {
        return new JobStreams(stdin, Optional.empty(), Optional.empty());
    }
}
