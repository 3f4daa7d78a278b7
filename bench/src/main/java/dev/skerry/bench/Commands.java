package dev.skerry.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs a process of the host and checks that it did its work. */
final class Commands {
    private Commands() {}

    static void expect(List<String> command, String output) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.PIPE)
                .start();
        process.getOutputStream().close();
        String seen = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String complaint = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = process.waitFor();
        if (code != 0 || !seen.equals(output)) {
            throw new IllegalStateException(command + " answered " + code + ", '" + seen + "' " + complaint);
        }
    }
}
