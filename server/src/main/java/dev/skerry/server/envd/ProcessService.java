package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.ConnectServer;
import dev.skerry.server.connect.Message;
import dev.skerry.server.connect.Replies;
import dev.skerry.server.connect.Requests;
import dev.skerry.server.connect.RpcError;
import dev.skerry.server.connect.Schema;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.stream.ExecRequest.TerminalSize;
import dev.skerry.wire.stream.GuestProcess;
import dev.skerry.wire.stream.ProcessExit;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** The calls of {@code process.Process}. */
final class ProcessService {
    private static final Duration KILL_BOUND = Duration.ofSeconds(1);
    private static final Duration INPUT_BOUND = Duration.ofMinutes(1);

    /** {@code SIGKILL} and {@code SIGTERM} of the schema are those of Linux. */
    private static final int SIGKILL = 9;

    private static final int SIGTERM = 15;

    private final Schema schema = Schema.of(ProcessService.class, "process.proto");
    private final Drain drain;

    ProcessService(Drain drain) {
        this.drain = drain;
    }

    void addTo(ConnectServer.Builder<Caller> server) {
        server.unary(schema, "/process.Process/List", this::list)
                .serverStream(schema, "/process.Process/Start", this::start)
                .serverStream(schema, "/process.Process/Connect", this::connect)
                .unary(schema, "/process.Process/Update", this::update)
                .unary(schema, "/process.Process/SendInput", this::sendInput)
                .clientStream(schema, "/process.Process/StreamInput", this::streamInput)
                .unary(schema, "/process.Process/SendSignal", this::sendSignal)
                .unary(schema, "/process.Process/CloseStdin", this::closeStdin);
    }

    private Message list(Caller caller, Message request) throws InterruptedException {
        Message.Builder answer = schema.message("ListResponse");
        for (ProcessTable.Known one : caller.session().processes().running()) {
            Message.Builder config =
                    schema.message("ProcessConfig").set("cmd", one.origin().command());
            one.origin().arguments().forEach(argument -> config.add("args", argument));
            one.origin().environment().forEach((name, value) -> config.put("envs", name, value));
            one.origin().folder().ifPresent(folder -> config.set("cwd", folder));
            Message.Builder info =
                    schema.message("ProcessInfo").set("config", config).set("pid", one.pid());
            one.origin().tag().ifPresent(tag -> info.set("tag", tag));
            answer.add("processes", info.build());
        }
        return answer.build();
    }

    private void start(Caller caller, Message request, Replies replies) throws IOException, InterruptedException {
        drain.check();
        ProcessTable.Heard started = ProcessStart.of(caller, request).run();
        relay(new Relay(caller, started.process(), started.events(), "StartResponse", true), replies);
    }

    private void connect(Caller caller, Message request, Replies replies) throws IOException, InterruptedException {
        drain.check();
        ProcessTable.Heard found = caller.session().processes().listen(request.message("process"));
        relay(new Relay(caller, found.process(), found.events(), "ConnectResponse", false), replies);
    }

    /**
     * Passing a process's events on to one client.
     *
     * @param starter whether the client's deadline is the process's
     */
    private record Relay(
            Caller caller,
            RunningProcess process,
            Mailbox<RunningProcess.Event> events,
            String answer,
            boolean starter) {}

    private void relay(Relay relay, Replies replies) throws IOException, InterruptedException {
        long begun = System.nanoTime();
        Optional<Duration> timeout = relay.caller.call().timeout();
        Duration keepalive = relay.caller.keepalive();
        relay.caller.call().exchange().onGone(() -> relay.process.unsubscribe(relay.events));
        relay.caller.sandbox().streams().endless();
        try (Drain.Entry _ = drain.enter(relay.events)) {
            replies.send(event(
                    relay,
                    "start",
                    schema.message("ProcessEvent.StartEvent")
                            .set("pid", relay.process.guest().pid())));
            boolean ended = false;
            while (!ended) {
                Optional<Duration> left = timeout.map(bound -> bound.minusNanos(System.nanoTime() - begun));
                if (left.isPresent() && !left.get().isPositive()) {
                    throw late(relay);
                }
                Optional<RunningProcess.Event> event = relay.events.poll(
                        left.filter(bound -> bound.compareTo(keepalive) < 0).orElse(keepalive));
                if (event.isPresent()) {
                    ended = pass(relay, event.get(), replies);
                } else if (left.isEmpty() || left.get().compareTo(keepalive) >= 0) {
                    replies.send(event(relay, "keepalive", schema.message("ProcessEvent.KeepAlive")));
                }
            }
        } finally {
            relay.process.unsubscribe(relay.events);
        }
    }

    private boolean pass(Relay relay, RunningProcess.Event event, Replies replies) throws IOException {
        return switch (event) {
            case RunningProcess.Event.Output output -> {
                Message.Builder data = schema.message("ProcessEvent.DataEvent")
                        .set(output.source().field(), output.bytes());
                replies.send(event(relay, "data", data));
                yield false;
            }
            case RunningProcess.Event.End end -> {
                if (relay.starter && end.exit().cause() == ProcessExit.Cause.TIMED_OUT) {
                    throw late(relay);
                }
                replies.sendLast(event(relay, "end", ended(end.exit())));
                yield true;
            }
        };
    }

    private Message event(Relay relay, String kind, Message.Builder content) {
        return schema.message(relay.answer)
                .set("event", schema.message("ProcessEvent").set(kind, content))
                .build();
    }

    /** guestd kills the process by its own clock, which began with it. */
    private static RpcError late(Relay relay) {
        long millis = relay.caller.call().timeout().orElse(Duration.ZERO).toMillis();
        return new RpcError(
                Code.DEADLINE_EXCEEDED,
                "the " + millis + " ms of Connect-Timeout-Ms are over"
                        + (relay.starter ? "; the process was killed" : "; the process runs on"));
    }

    private Message.Builder ended(ProcessExit exit) {
        Message.Builder end = schema.message("ProcessEvent.EndEvent");
        if (exit.signal() == 0) {
            String status = "exit status " + exit.code();
            end.set("exit_code", exit.code()).set("exited", true).set("status", status);
            return exit.code() == 0 ? end : end.set("error", status);
        }
        String status = "signal: " + SignalNames.of(exit.signal());
        return end.set("exit_code", -1)
                .set("exited", false)
                .set("status", status)
                .set("error", status);
    }

    private Message update(Caller caller, Message request) throws InterruptedException {
        RunningProcess process = find(caller, request);
        if (request.has("pty")) {
            if (!process.origin().terminal()) {
                throw new RpcError(Code.INTERNAL, "error resizing tty: tty not assigned to process");
            }
            TerminalSize size = ProcessStart.size(request.message("pty"));
            onRunning(process, request, guest -> guest.resize(size));
        }
        return schema.message("UpdateResponse").build();
    }

    private Message sendSignal(Caller caller, Message request) throws InterruptedException {
        int signal = request.choice("signal");
        if (signal != SIGKILL && signal != SIGTERM) {
            throw new RpcError(
                    Code.UNIMPLEMENTED, "invalid signal: " + signal + "; SIGNAL_SIGTERM and SIGNAL_SIGKILL are sent");
        }
        RunningProcess process = find(caller, request);
        onRunning(process, request, guest -> guest.signal(signal, GuestProcess.Scope.GROUP));
        if (signal == SIGKILL) {
            // Clients look at once whether it is gone.
            process.awaitOver(KILL_BOUND);
        }
        return schema.message("SendSignalResponse").build();
    }

    @FunctionalInterface
    private interface Action {
        void on(GuestProcess process) throws InterruptedException;
    }

    private static void onRunning(RunningProcess process, Message request, Action action) throws InterruptedException {
        try {
            if (process.running()) {
                action.on(process.guest());
                return;
            }
        } catch (Failure e) {
            if (e.code() != ErrorCode.CONFLICT && e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
        }
        throw ProcessTable.missing(request.message("process"));
    }

    private Message sendInput(Caller caller, Message request) throws InterruptedException {
        RunningProcess process = find(caller, request);
        write(caller, process, request.message("input"));
        return schema.message("SendInputResponse").build();
    }

    private Message streamInput(Caller caller, Requests requests) throws IOException, InterruptedException {
        Optional<RunningProcess> process = Optional.empty();
        for (Optional<Message> next = requests.next(); next.isPresent(); next = requests.next()) {
            Message request = next.get();
            if (request.has("start")) {
                process = Optional.of(find(caller, request.message("start")));
            } else if (request.has("data")) {
                RunningProcess target = process.orElseThrow(() -> new RpcError(
                        Code.INVALID_ARGUMENT, "data before start: the first message must name the process"));
                write(caller, target, request.message("data").message("input"));
            } else if (!request.has("keepalive")) {
                throw new RpcError(Code.UNIMPLEMENTED, "a message that is none of start, data and keepalive");
            }
        }
        return schema.message("StreamInputResponse").build();
    }

    private static void write(Caller caller, RunningProcess process, Message input) throws InterruptedException {
        RunningProcess.Origin origin = process.origin();
        boolean terminal = input.has("pty");
        if (!terminal && !input.has("stdin")) {
            throw new RpcError(Code.UNIMPLEMENTED, "an input that is neither stdin nor pty");
        }
        if (terminal != origin.terminal()) {
            throw new RpcError(
                    Code.INTERNAL,
                    terminal
                            ? "error writing to tty: tty not assigned to process; write to stdin"
                            : "error writing to stdin: tty assigned to process; write to pty");
        }
        if (!origin.input()) {
            throw new RpcError(Code.INTERNAL, "error writing to stdin: stdin not enabled or closed");
        }
        if (!process.running()) {
            throw new RpcError(Code.NOT_FOUND, "the process has ended");
        }
        Duration bound = caller.call()
                .timeout()
                .filter(timeout -> timeout.compareTo(INPUT_BOUND) < 0)
                .orElse(INPUT_BOUND);
        process.input().write(input.bytes(terminal ? "pty" : "stdin"), bound);
    }

    private Message closeStdin(Caller caller, Message request) throws InterruptedException {
        RunningProcess process = find(caller, request);
        if (process.origin().terminal()) {
            throw new RpcError(
                    Code.UNKNOWN,
                    "error closing stdin: cannot close stdin for PTY process; send Ctrl+D (0x04) instead");
        }
        process.input().close();
        return schema.message("CloseStdinResponse").build();
    }

    private static RunningProcess find(Caller caller, Message request) throws InterruptedException {
        return caller.session().processes().find(request.message("process"));
    }
}
