package dev.skerry.server.piston;

import dev.skerry.server.http.BadJson;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.WebSocket;
import dev.skerry.server.jobs.Jobs;
import dev.skerry.server.jobs.Submission;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * One WebSocket of {@code /connect}: a job, its output as it comes, and what its client types. The request's thread
 * receives, another runs the job. It ends when the job does, and the job ends when the client goes.
 */
final class Dialogue {
    static final int COMPLETED = 4999;
    private static final int ALREADY_INITIALIZED = 4000;
    private static final int INITIALIZATION_TIMEOUT = 4001;
    private static final int NOTIFIED_ERROR = 4002;
    private static final int NOT_INITIALIZED = 4003;
    private static final int ONLY_STDIN = 4004;
    private static final int INVALID_SIGNAL = 4005;

    private static final Logger LOG = LoggerFactory.getLogger(Dialogue.class);

    /** How long a client may take to answer that it is closed. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    private final WebSocket socket;
    private final Caller caller;
    private final String id;
    private final Parts parts;
    private final StdinFeed stdin = new StdinFeed();
    private final DialogueListener listener;
    private @Nullable Thread job;
    private boolean begun;
    private volatile boolean over;

    /**
     * What all of them share.
     *
     * @param initTimeout until the first message
     * @param behind how far a client may be behind in reading
     */
    record Parts(PistonJobs submissions, Jobs jobs, Alarm alarm, Duration initTimeout, Duration behind) {}

    Dialogue(WebSocket socket, Caller caller, String id, Parts parts, Trust trust) {
        this.socket = socket;
        this.caller = caller;
        this.id = id;
        this.parts = parts;
        this.listener = new DialogueListener(socket, stdin, parts.alarm(), parts.behind(), trust);
    }

    /** Until the client has gone or has been told that it is over. Who interrupts the thread ends it. */
    void run() throws InterruptedException {
        Alarm.Set patience = parts.alarm().after(parts.initTimeout(), this::tooLate);
        try (socket) {
            for (Optional<String> text = socket.receive(); text.isPresent(); text = socket.receive()) {
                take(text.get());
            }
        } catch (IOException e) {
            // The client has gone, and so does its job.
        } finally {
            patience.cancel();
            stdin.close();
            finish();
        }
    }

    private void finish() throws InterruptedException {
        Optional<Thread> running = running();
        running.ifPresent(Thread::interrupt);
        if (running.isPresent()) {
            running.get().join();
        }
    }

    private synchronized Optional<Thread> running() {
        return Optional.ofNullable(job);
    }

    private void tooLate() {
        boolean late;
        synchronized (this) {
            late = !begun;
            over |= late;
        }
        if (late) {
            end(INITIALIZATION_TIMEOUT, "Initialization Timeout");
        }
    }

    /** Who has asked in time is not late, however long it takes to find out what is asked for. */
    private synchronized boolean inTime() {
        begun = !over;
        return begun;
    }

    /** Says why it ends, and does not wait long for the client to hear it. */
    private void end(int code, String reason) {
        over = true;
        var _ = parts.alarm().after(LAST_WORDS, socket::close);
        try {
            socket.close(code, reason);
        } catch (IOException e) {
            socket.close();
        }
    }

    private void take(String text) throws InterruptedException {
        if (over) {
            return;
        }
        try {
            JsonNode message = Exchange.JSON.readTree(text);
            if (message.isNull()) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "null is no message");
            }
            switch (Js.text(message.get("type"))) {
                case "init" -> begin(message);
                case "data" -> type(message);
                case "eof" -> endInput();
                case "signal" -> signal(message);
                default -> {
                    // Piston passes over what it does not know, too.
                }
            }
        } catch (JacksonException e) {
            refuse(new Failure(ErrorCode.INVALID_REQUEST, "a message that is no JSON" + BadJson.place(e), e));
        } catch (Failure e) {
            refuse(e);
        } catch (RuntimeException | Error e) {
            refuse(new Failure(ErrorCode.INTERNAL, "an error of the server", e));
        }
    }

    private void begin(JsonNode message) throws InterruptedException {
        if (running().isPresent()) {
            end(ALREADY_INITIALIZED, "Already Initialized");
            return;
        }
        if (!inTime()) {
            return;
        }
        JobRequest request = parts.submissions().readDialogue(message, caller);
        Submission submission = parts.submissions().submit(id, request, caller, Optional.empty());
        Optional<String> typed = request.stdin().filter(text -> !text.isEmpty());
        if (typed.isPresent()) {
            stdin.put(Js.utf8(JobRequest.withNewline(typed.get())));
        }
        listener.of(request);
        start(submission);
    }

    private synchronized void start(Submission submission) {
        job = Thread.ofVirtual().name("dialogue-" + id).start(() -> carryOut(submission));
        listener.runs(job);
    }

    private void carryOut(Submission submission) {
        try {
            var _ = parts.jobs().run(submission, listener, listener::decided);
            end(COMPLETED, "Job Completed");
        } catch (Failure e) {
            refuse(e);
        } catch (InterruptedException e) {
            end(WebSocket.GOING_AWAY, "");
        } catch (RuntimeException | Error e) {
            refuse(new Failure(ErrorCode.INTERNAL, "an error of the server", e));
        } finally {
            if (!over) {
                // Whatever else happens, nobody holds a place for a job that has ended.
                socket.close();
            }
            // Whoever receives may be waiting for a program that never came to read.
            stdin.close();
        }
    }

    private void refuse(Failure failure) {
        boolean ours = failure.code().kind() == ErrorCode.Kind.BUG;
        if (ours) {
            LOG.atError().addKeyValue("request", id).setCause(failure).log("a dialogue failed");
        }
        try {
            socket.send(Exchange.JSON
                    .createObjectNode()
                    .put("type", "error")
                    .put("message", failure.getMessage())
                    .put("hint", failure.hint().orElse(null))
                    .toString());
            end(ours ? WebSocket.INTERNAL_ERROR : NOTIFIED_ERROR, ours ? "" : "Notified Error");
        } catch (IOException e) {
            socket.close();
        }
    }

    private void type(JsonNode message) throws InterruptedException {
        if (running().isEmpty()) {
            end(NOT_INITIALIZED, "Not yet initialized");
        } else if (!Js.text(message.get("stream")).equals("stdin")) {
            end(ONLY_STDIN, "Can only write to stdin");
        } else {
            JsonNode data = message.get("data");
            if (data == null || !data.isString()) {
                throw new Failure(ErrorCode.INVALID_REQUEST, "data must be a string");
            }
            stdin.put(Js.utf8(data.stringValue()));
        }
    }

    private void endInput() {
        if (running().isEmpty()) {
            end(NOT_INITIALIZED, "Not yet initialized");
        } else {
            stdin.end();
        }
    }

    private void signal(JsonNode message) {
        OptionalInt number = Signals.number(Js.text(message.get("signal")));
        if (running().isEmpty()) {
            end(NOT_INITIALIZED, "Not yet initialized");
        } else if (number.isEmpty()) {
            end(INVALID_SIGNAL, "Invalid signal");
        } else {
            listener.signal(number.getAsInt());
        }
    }
}
