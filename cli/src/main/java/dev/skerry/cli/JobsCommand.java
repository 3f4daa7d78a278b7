package dev.skerry.cli;

import dev.skerry.cli.client.ControlPlane;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code skerry jobs}: programs that a server runs once and judges. */
@Command(
        name = "jobs",
        description = "Runs programs on a server and judges them; lists, awaits and cancels those handed in.",
        mixinStandardHelpOptions = true)
final class JobsCommand implements Runnable {
    private static final String PATH = "/skerry/v1/jobs";
    private static final String TOKEN = "From 'jobs run --detach' or 'jobs list'.";
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final Duration ASKED_AT_A_TIME = Duration.ofSeconds(30);

    private final Context context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    JobsCommand(Context context) {
        this.context = context;
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing: run, list, show, logs, wait, cancel");
    }

    @Command(
            name = "run",
            description = "Runs a program, with each input if there are any; ends with 0 when it is accepted, else 1.",
            mixinStandardHelpOptions = true)
    int run(
            @Mixin JobOptions job,
            @Option(
                            names = {"-d", "--detach"},
                            description = "Hand it in to be run later, and print its token.")
                    boolean detach,
            @Option(names = "--json", description = "Print the server's answer.") boolean json,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        var body = job.body();
        // Handed in to be run later also where we wait: that may take longer than one request does.
        body.put("async", true);
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode answer = server.post(PATH, body);
            String token = answer.path("token").asString("-");
            if (detach) {
                context.print(json ? answer.toString() : token);
                return ExitCode.OK;
            }
            context.stops().onFirst(() -> cancel(server, token));
            JsonNode ended = await(server, token, Duration.ofDays(1));
            return new JobReport(context).result(ended.path("result"), json);
        }
    }

    /** On the way out: it ends in any case, at its limits at the latest. */
    private void cancel(ControlPlane server, String token) {
        try {
            server.delete(path(token));
        } catch (Failure e) {
            context.say("job " + token + " is not cancelled: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Command(
            name = "list",
            aliases = "ls",
            description = "Lists jobs that were handed in to be run later, newest first.",
            mixinStandardHelpOptions = true)
    int list(
            @Option(names = "--state", paramLabel = "STATE", description = "waiting, running or ended (default: all).")
                    Optional<String> state,
            @Option(names = "--limit", paramLabel = "COUNT", description = "At most so many (default: 100).")
                    Optional<Integer> limit,
            @Option(names = "--json", description = "Print a JSON array.") boolean json,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        List<String> query = new ArrayList<>();
        state.ifPresent(word -> query.add("state=" + ControlPlane.encoded(word)));
        limit.ifPresent(count -> query.add("limit=" + count));
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode jobs = server.get(PATH + (query.isEmpty() ? "" : "?" + String.join("&", query)));
            Columns columns = new Columns("TOKEN", "STATE", "VERDICT", "CREATED", "ENDED", "ATTEMPTS");
            jobs.forEach(job -> columns.add(
                    job.path("token").asString("-"),
                    job.path("state").asString("-"),
                    job.path("verdict").asString("-"),
                    job.path("createdAt").asString("-"),
                    job.path("endedAt").asString("-"),
                    job.path("attempts").asString("-")));
            context.print(json ? jobs.toString() : columns.toString());
            return ExitCode.OK;
        }
    }

    @Command(name = "show", description = "Shows a job and what became of it.", mixinStandardHelpOptions = true)
    int show(
            @Parameters(paramLabel = "TOKEN", description = TOKEN) String token,
            @Option(names = "--json", description = "Print one JSON object.") boolean json,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode job = server.get(path(token));
            if (json) {
                context.print(job.toString());
            } else {
                new JobReport(context).job(job);
            }
            return ExitCode.OK;
        }
    }

    @Command(
            name = "logs",
            description = "Prints what the program of a job that has ended wrote, and the compiler before it.",
            mixinStandardHelpOptions = true)
    int logs(
            @Parameters(paramLabel = "TOKEN", description = TOKEN) String token,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode job = server.get(path(token));
            if (!isEnded(job)) {
                throw new Failure(
                        ErrorCode.CONFLICT,
                        "job " + token + " is " + job.path("state").asString("-")
                                + ": what it writes comes with its end",
                        "'./skerry jobs wait " + token + "' waits for that");
            }
            new JobReport(context).output(job.path("result"));
            return ExitCode.OK;
        }
    }

    @Command(
            name = "wait",
            description =
                    "Waits for the end of a job; ends with 0 when it is accepted, 124 when the time is over, else 1.",
            mixinStandardHelpOptions = true)
    int await(
            @Parameters(paramLabel = "TOKEN", description = TOKEN) String token,
            @Option(names = "--timeout", paramLabel = "TIME", description = "How long to wait (default: an hour).")
                    Optional<Duration> timeout,
            @Option(names = "--json", description = "Print one JSON object.") boolean json,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            JsonNode job = await(server, token, timeout.orElse(Duration.ofHours(1)));
            if (isEnded(job)) {
                return new JobReport(context).result(job.path("result"), json);
            }
            context.say("job " + token + " is " + job.path("state").asString("-") + " still");
            return ExitCode.TIMED_OUT;
        }
    }

    /** As it is when it has ended, or when the time is over. */
    private static JsonNode await(ControlPlane server, String token, Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (true) {
            long left = Math.clamp(end - System.nanoTime(), 0, ASKED_AT_A_TIME.toNanos());
            String wait = String.format(Locale.ROOT, "%dms", Math.max(1, left / NANOS_PER_MILLI));
            JsonNode job = server.get(path(token) + "?wait=" + wait);
            if (isEnded(job) || System.nanoTime() >= end) {
                return job;
            }
        }
    }

    @Command(name = "cancel", description = "Ends jobs, whether they wait or run.", mixinStandardHelpOptions = true)
    int cancel(
            @Parameters(arity = "1..*", paramLabel = "TOKEN", description = TOKEN) List<String> tokens,
            @Mixin ServerOptions serverOptions,
            @Mixin HostOptions hostOptions)
            throws InterruptedException {
        try (ControlPlane server = serverOptions.open(context, hostOptions)) {
            return Each.of(context, tokens, token -> server.delete(path(token)));
        }
    }

    private static boolean isEnded(JsonNode job) {
        return job.path("state").asString("").equals("ended");
    }

    private static String path(String token) {
        return PATH + "/" + ControlPlane.checked(token);
    }
}
