package dev.skerry.cli.client;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/**
 * A process in a sandbox, with the stream of what it says. One thread follows it; others may send to it meanwhile.
 * Closing this leaves the process alone.
 */
public final class RemoteProcess implements AutoCloseable {
    /** How often a silent stream shows that it is alive. */
    static final Duration KEEPALIVE = Duration.ofSeconds(20);

    private static final Duration SILENCE_MAX = KEEPALIVE.multipliedBy(4);

    /** What Go's os.ProcessState says of signals, in the order of their numbers on Linux, from 1. */
    private static final List<String> SIGNALS = List.of(
            "hangup",
            "interrupt",
            "quit",
            "illegal instruction",
            "trace/breakpoint trap",
            "aborted",
            "bus error",
            "floating point exception",
            "killed",
            "user defined signal 1",
            "segmentation fault",
            "user defined signal 2",
            "broken pipe",
            "alarm clock",
            "terminated");

    private static final Pattern SIGNAL = Pattern.compile("signal:? (.*?)( \\(core dumped\\))?");
    private static final Pattern MISSING =
            Pattern.compile("no such file or directory|executable file not found", Pattern.CASE_INSENSITIVE);
    private static final Pattern NUMBER = Pattern.compile("(?:signal )?([0-9]{1,2})");

    private final Envd envd;
    private final ConnectStream stream;
    private final boolean terminal;
    private final long pid;
    private final AtomicLong heard = new AtomicLong(System.nanoTime());
    private final CountDownLatch ended = new CountDownLatch(1);

    private RemoteProcess(Envd envd, ConnectStream stream, boolean terminal, long pid) {
        this.envd = envd;
        this.stream = stream;
        this.terminal = terminal;
        this.pid = pid;
    }

    /** Waits for the message that says that it has started. */
    static RemoteProcess begin(Envd envd, ConnectStream stream, boolean terminal) {
        try {
            for (Optional<JsonNode> message = stream.next(); message.isPresent(); message = stream.next()) {
                JsonNode start = message.get().path("event").path("start");
                if (start.isObject()) {
                    return new RemoteProcess(
                            envd, stream, terminal, start.path("pid").asLong(0));
                }
            }
        } catch (Failure e) {
            stream.close();
            throw notStarted(e);
        }
        stream.close();
        throw new Failure(ErrorCode.INTERNAL, "the server started no process and said no reason");
    }

    /** The data plane calls a program that cannot be started an invalid argument; shells tell two cases apart. */
    private static Failure notStarted(Failure failure) {
        String words = String.valueOf(failure.getMessage());
        if (failure.code() != ErrorCode.INVALID_REQUEST || !words.startsWith("error starting process")) {
            return failure;
        }
        boolean missing = MISSING.matcher(words).find();
        return new Failure(missing ? ErrorCode.NOT_FOUND : ErrorCode.DENIED, words, failure);
    }

    public long pid() {
        return pid;
    }

    /** Takes output. */
    @FunctionalInterface
    public interface Sink {
        void accept(byte[] bytes) throws IOException;
    }

    /**
     * How it ended.
     *
     * @param signal what killed it; 0 for one that we do not know
     * @param words the server's
     */
    public record End(int exitCode, OptionalInt signal, String words) {}

    /**
     * Passes on its output until it has ended.
     *
     * @throws IOException what a sink threw
     * @throws Failure {@code SANDBOX_GONE} when the stream broke first
     */
    public End follow(Sink out, Sink err) throws IOException {
        Thread watch = Thread.ofVirtual().name("silence").start(this::watchSilence);
        try {
            for (Optional<JsonNode> message = stream.next(); message.isPresent(); message = stream.next()) {
                heard.set(System.nanoTime());
                JsonNode event = message.get().path("event");
                JsonNode data = event.path("data");
                pass(data.path("stdout"), out);
                pass(data.path("pty"), out);
                pass(data.path("stderr"), err);
                if (event.path("end").isObject()) {
                    return end(event.path("end"));
                }
            }
        } finally {
            watch.interrupt();
            ended.countDown();
        }
        throw new Failure(ErrorCode.SANDBOX_GONE, "the server stopped following the process");
    }

    private void watchSilence() {
        try {
            while (System.nanoTime() - heard.get() < SILENCE_MAX.toNanos()) {
                TimeUnit.NANOSECONDS.sleep(KEEPALIVE.toNanos());
            }
            stream.close();
        } catch (InterruptedException e) {
            // It has ended.
        }
    }

    private static void pass(JsonNode base64, Sink sink) throws IOException {
        if (base64.isString() && !base64.stringValue().isEmpty()) {
            try {
                sink.accept(Base64.getDecoder().decode(base64.stringValue()));
            } catch (IllegalArgumentException e) {
                throw new Failure(ErrorCode.INTERNAL, "the server's stream has output that is not base64", e);
            }
        }
    }

    private static End end(JsonNode end) {
        String words = end.path("status").asString(end.path("error").asString(""));
        int code = end.path("exitCode").asInt(0);
        boolean exited = end.path("exited").asBoolean(code >= 0);
        return new End(code, exited ? OptionalInt.empty() : OptionalInt.of(signal(words)), words);
    }

    static int signal(String words) {
        Matcher matcher = SIGNAL.matcher(words);
        String name = matcher.matches() ? matcher.group(1) : words;
        Matcher number = NUMBER.matcher(name);
        return number.matches() ? Integer.parseInt(number.group(1)) : SIGNALS.indexOf(name) + 1;
    }

    /** Sends to its standard input, or types on its terminal; returns when the sandbox has it. */
    public void send(byte[] bytes, int length) throws InterruptedException {
        String text = Base64.getEncoder().encodeToString(Arrays.copyOf(bytes, length));
        call("SendInput", Map.of("input", Map.of(terminal ? "pty" : "stdin", text)));
    }

    /** The end of its standard input. A terminal has none. */
    public void closeInput() throws InterruptedException {
        if (!terminal) {
            call("CloseStdin", Map.of());
        }
    }

    public void resize(ProcessStart.Window window) throws InterruptedException {
        call("Update", Map.of("pty", window.json()));
    }

    /** Asks it to end, and makes it when it has not after {@code grace}. Idempotent. */
    public void end(Duration grace) throws InterruptedException {
        signal("SIGNAL_SIGTERM", grace);
        if (ended.getCount() > 0) {
            signal("SIGNAL_SIGKILL", grace);
        }
    }

    private void signal(String name, Duration grace) throws InterruptedException {
        try {
            call("SendSignal", Map.of("signal", name));
            ended.await(grace.toMillis(), TimeUnit.MILLISECONDS);
        } catch (Failure e) {
            if (e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
        }
    }

    private void call(String method, Map<String, Object> message) throws InterruptedException {
        Map<String, Object> request = new LinkedHashMap<>(message);
        request.put("process", Map.of("pid", pid));
        envd.call("process.Process/" + method, request);
    }

    @Override
    public void close() {
        stream.close();
    }
}
