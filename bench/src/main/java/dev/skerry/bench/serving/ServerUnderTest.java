package dev.skerry.bench.serving;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A server that was started for the measurement, with a data folder below a folder of the caller. */
public final class ServerUnderTest implements AutoCloseable {
    private static final int END_SECONDS = 60;

    /** As {@code ./skerry serve} starts it. */
    private static final List<String> OPTIONS = List.of(
            "-XX:+UseG1GC",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:-UsePerfData",
            "-Xss512k",
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:-AOTAdapterCaching",
            "-XX:-AOTStubCaching",
            "-Xlog:disable",
            "-Xlog:all=error:stderr",
            "--enable-native-access=ALL-UNNAMED");

    private final Process process;
    private final URI api;
    private final String key;

    private ServerUnderTest(Process process, URI api, String key) {
        this.process = process;
        this.api = api;
        this.key = key;
    }

    public static ServerUnderTest start(Path folder, ServerVariant variant) throws IOException, InterruptedException {
        Path log = folder.resolve("server.log");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(OPTIONS);
        command.addAll(
                List.of(System.getProperty("skerry.bench.server.options", "").split(" +")));
        command.removeIf(String::isEmpty);
        Path dist = Path.of(System.getProperty("skerry.dist", "."));
        if (Files.exists(dist.resolve("serve.aot"))) {
            command.add("-XX:AOTCache=" + dist.resolve("serve.aot"));
        }
        command.add("-Dskerry.dist=" + dist);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), ServerProgram.class.getName()));
        command.add(folder.resolve("data").toString());
        command.addAll(variant.arguments());
        ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
        builder.environment().putAll(variant.environment());
        Process process = builder.start();
        BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        if (line == null) {
            process.waitFor();
            throw new IllegalStateException("the server did not start: " + Files.readString(log));
        }
        String[] words = line.split(" ", 2);
        return new ServerUnderTest(process, URI.create(words[0]), words[1]);
    }

    /** Of its API. */
    public URI origin() {
        return api;
    }

    /** Opens everything. */
    public String key() {
        return key;
    }

    Api client() throws IOException {
        return new Api(api, key);
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        process.onExit()
                .completeOnTimeout(process, END_SECONDS, TimeUnit.SECONDS)
                .join();
        process.destroyForcibly().onExit().join();
    }
}
