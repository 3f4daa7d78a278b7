package dev.skerry.bench.judging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The lower bound: the same compiler, interpreter and program, started as processes of the host. */
final class BareProcesses {
    private final Path folder;

    /** @param folder in which each run has a folder of its own */
    BareProcesses(Path folder) {
        this.folder = folder;
    }

    /** Fails unless the program printed what it must. */
    void run(Program program) throws IOException, InterruptedException {
        Path own = Files.createTempDirectory(folder, "run");
        Files.writeString(own.resolve(program.fileName()), program.source());
        String printed = "";
        for (List<String> command : program.bare()) {
            Process process = new ProcessBuilder(command)
                    .directory(own.toFile())
                    .redirectErrorStream(true)
                    .start();
            process.getOutputStream().close();
            printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command + " failed: " + printed);
            }
        }
        if (!printed.equals(Program.HELLO)) {
            throw new IllegalStateException(program.title() + " printed '" + printed + "'");
        }
    }
}
