package dev.skerry.server.interpreter;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** One {@code POST /execute}: from the request to the last line of its answer. */
final class ExecuteCall {
    /** Without output: how soon a client that has gone is noticed. */
    private static final Duration KEEPALIVE = Duration.ofMillis(500);

    /** A client that takes a large result more slowly than this loses it: it holds memory meanwhile. */
    private static final Duration LARGE_BOUND = Duration.ofMinutes(2);

    private final Interpreter interpreter;
    private final Exchange exchange;

    ExecuteCall(Interpreter interpreter, Exchange exchange) {
        this.interpreter = interpreter;
        this.exchange = exchange;
    }

    void run() throws IOException, InterruptedException {
        Fields fields = Fields.of(exchange);
        String code = fields.text("code")
                .orElseThrow(() -> new Failure(ErrorCode.INVALID_REQUEST, "'code' is missing", "send the code to run"));
        Map<String, String> environment = fields.variables("env_vars");
        CodeContext context = context(fields);
        if (context.language() == Language.BASH && code.indexOf('\0') >= 0) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'code' has a NUL character, which Bash cannot have");
        }
        // Here, while it can be refused with a status: what is missing in the sandbox.
        context.ready();
        OutputStream out = exchange.stream(200, "application/x-ndjson");
        out.write(Lines.KEEPALIVE);
        try (CodeContext.Running running =
                context.run(code, environment, KEEPALIVE, () -> out.write(Lines.KEEPALIVE))) {
            copy(running.execution(), out);
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            // The answer has begun: what is left is to say it there.
            out.write(Lines.error("KernelUnavailable", e.getMessage(), e.getMessage()));
        }
        out.write(Lines.END);
        out.close();
    }

    private CodeContext context(Fields fields) throws InterruptedException {
        Optional<String> id = fields.text("context_id").filter(text -> !text.isEmpty());
        Optional<String> language = fields.text("language").filter(text -> !text.isEmpty());
        if (id.isPresent() && language.isPresent()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "Only one of context_id or language can be provided",
                    "a context has its language");
        }
        return id.isPresent()
                ? interpreter.get(id.get())
                : interpreter.standing(Language.of(language.orElse("python")));
    }

    private static void copy(Execution execution, OutputStream out) throws IOException, InterruptedException {
        while (!execution.finished()) {
            Optional<Execution.Line> line = execution.next(KEEPALIVE);
            if (line.isEmpty()) {
                if (!execution.finished()) {
                    out.write(Lines.KEEPALIVE);
                }
                continue;
            }
            try {
                if (line.get().large()) {
                    writeInTime(line.get().bytes(), out);
                } else {
                    out.write(line.get().bytes());
                }
            } finally {
                execution.written(line.get());
            }
        }
    }

    private static void writeInTime(byte[] bytes, OutputStream out) throws IOException, InterruptedException {
        Thread writer = Thread.currentThread();
        CountDownLatch written = new CountDownLatch(1);
        Thread watch = Thread.ofVirtual().start(() -> {
            try {
                if (!written.await(LARGE_BOUND.toNanos(), TimeUnit.NANOSECONDS)) {
                    writer.interrupt();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        try {
            out.write(bytes);
        } finally {
            written.countDown();
            watch.join();
        }
    }
}
