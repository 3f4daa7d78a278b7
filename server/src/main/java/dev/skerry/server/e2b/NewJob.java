package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.jobs.Comparison;
import dev.skerry.server.jobs.Expectation;
import dev.skerry.server.jobs.JobWork;
import dev.skerry.server.jobs.Jobs;
import dev.skerry.server.jobs.Submission;
import dev.skerry.server.jobs.Submissions;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobFiles;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/** Reads a job as clients write it, when it is handed in and again when it is run. */
public final class NewJob implements Submissions.Reader {
    /** Until when it must be done: what {@code finishWithinMillis} has become. */
    static final String FINISH_BY = "finishBy";

    private static final int CASES_MAX = 1000;
    private static final long WALL_MILLIS_MAX = Duration.ofMinutes(10).toMillis();
    private static final Duration WHOLE_MAX = Duration.ofHours(1);
    private static final Duration SANDBOX_EXTRA = Duration.ofSeconds(30);
    private static final long OUTPUT_BYTES_MAX = 16 << 20;
    private static final long WHOLE_OUTPUT_MAX = 64 << 20;
    private static final int NAME_LENGTH_MAX = 128;
    private static final int VERSION_LENGTH_MAX = 128;
    private static final StageLimits COMPILE = StageLimits.of(Duration.ofSeconds(10), Duration.ofSeconds(10), 64 << 10);
    private static final StageLimits RUN = StageLimits.of(Duration.ofSeconds(5), Duration.ofSeconds(5), 64 << 10);

    private final Jobs jobs;
    private final BooleanSupplier asking;
    private final SandboxSettings settings;

    NewJob(Jobs jobs, SandboxSettings settings) {
        this(jobs, () -> false, settings);
    }

    /** @param asking as {@link dev.skerry.wire.jobs.JobHost#asking} */
    public NewJob(Jobs jobs, BooleanSupplier asking, SandboxSettings settings) {
        this.jobs = jobs;
        this.asking = asking;
        this.settings = settings;
    }

    @Override
    public JobWork read(TenantId tenant, String request) {
        return work(tenant, new Body(Exchange.JSON.readTree(request), ""));
    }

    /**
     * @throws Failure {@code INVALID_REQUEST} by what is wrong with it; {@code NO_CAPACITY} while nobody knows yet
     *     whether there is such a language
     */
    JobWork work(TenantId tenant, Body body) {
        StageLimits run = body.object("run").map(limits -> limits(limits, RUN)).orElse(RUN);
        List<Body> cases = body.objects("cases").orElse(List.of(body));
        if (cases.isEmpty() || cases.size() > CASES_MAX) {
            throw body.wrong("cases", "1 to " + CASES_MAX + " objects");
        }
        Optional<Body> interactor = body.object("interactor");
        Comparison comparison = comparison(body).orElse(new Comparison.Token());
        List<JobCase> inputs = new ArrayList<>();
        List<Optional<Expectation>> expected = new ArrayList<>();
        for (Body one : cases) {
            inputs.add(new JobCase(
                    interactor.isPresent()
                            ? Optional.empty()
                            : Optional.of(bytes(one, "stdin").orElse(new byte[0])),
                    one.list("arguments").orElse(List.of()),
                    one.object("limits").map(limits -> limits(limits, run)).orElse(run)));
            expected.add(bytes(one, "expected")
                    .map(text -> new Expectation(text, comparison(one).orElse(comparison))));
        }
        JobOrder alone = order(body, inputs);
        Optional<JobOrder> other = interactor.map(one -> order(one, talking(one, cases, run)));
        Duration whole = whole(alone, other.orElse(alone));
        return new JobWork(
                submission(tenant, body, living(alone, whole)),
                expected,
                body.flag("stopOnFailure", false),
                other.map(one -> living(one, whole)));
    }

    /** How long two may take together: each waits for the other's compiler, and in every case for the other's end. */
    private static Duration whole(JobOrder one, JobOrder other) {
        Duration whole = longer(one.compile(), other.compile());
        for (int i = 0; i < one.cases().size(); i++) {
            whole = whole.plus(
                    longer(one.cases().get(i).limits(), other.cases().get(i).limits()));
        }
        return whole;
    }

    private static Duration longer(StageLimits one, StageLimits other) {
        return one.wall().compareTo(other.wall()) > 0 ? one.wall() : other.wall();
    }

    private static JobOrder living(JobOrder order, Duration whole) {
        requireBounded(order, whole);
        return order.withLimits(order.limits().withWallTime(whole.plus(SANDBOX_EXTRA)));
    }

    private static void requireBounded(JobOrder order, Duration whole) {
        long output = order.cases().stream()
                .mapToLong(one -> 2 * one.limits().outputBytes())
                .sum();
        if (whole.compareTo(WHOLE_MAX) > 0 || output > WHOLE_OUTPUT_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "all cases together may run for " + WHOLE_MAX.toMinutes() + " minutes and write "
                            + (WHOLE_OUTPUT_MAX >> 20) + " MiB, and their limits say " + whole.toSeconds() + " s and "
                            + (output >> 20) + " MiB",
                    "lower 'wallMillis' or 'outputBytes', or hand in fewer cases at a time");
        }
    }

    private static List<JobCase> talking(Body interactor, List<Body> cases, StageLimits run) {
        // So that the program's own limit is the first to end two that wait for each other.
        StageLimits longer = new StageLimits(
                run.wall().plusSeconds(2),
                run.cpu(),
                run.memoryBytes(),
                run.outputBytes(),
                run.processes(),
                run.openFiles(),
                run.fileBytes());
        StageLimits limits =
                interactor.object("run").map(own -> limits(own, longer)).orElse(longer);
        return cases.stream()
                .map(one -> new JobCase(
                        Optional.empty(), one.list("interactorArguments").orElse(List.of()), limits))
                .toList();
    }

    private JobOrder order(Body body, List<JobCase> cases) {
        LanguageRuntime runtime = runtime(body);
        List<JobFile> files = body.objects("files").orElse(List.of()).stream()
                .map(file -> new JobFile(
                        file.text("name").orElse("main"),
                        bytes(file, "content").orElseThrow(() -> file.wrong("content", "there"))))
                .toList();
        if (files.isEmpty()) {
            throw body.wrong("files", "at least one file");
        }
        StageLimits compile =
                body.object("compile").map(limits -> limits(limits, COMPILE)).orElse(COMPILE);
        return new JobOrder(
                UUID.randomUUID().toString(),
                runtime,
                settings.floor(body.text("isolation").map(Isolation::parse)),
                settings.limits(),
                JobFiles.checked(files),
                body.texts("environment"),
                compile,
                body.flag("prestarted", true),
                cases);
    }

    private LanguageRuntime runtime(Body body) {
        String language = body.text("language").orElseThrow(() -> body.wrong("language", "the name of a language"));
        String version = body.text("version").orElse("*");
        if (version.length() > VERSION_LENGTH_MAX) {
            throw body.wrong("version", "a text of " + VERSION_LENGTH_MAX + " characters at most");
        }
        Optional<String> template = body.text("template");
        Optional<LanguageRuntime> found = runtime(language, version, template);
        if (found.isEmpty() && asking.getAsBoolean()) {
            throw new Failure(
                    ErrorCode.NO_CAPACITY,
                    "there is no '" + Quoted.of(language) + "' of version '" + Quoted.of(version)
                            + "' yet: templates are still being asked which languages they have",
                    "try again in a moment");
        }
        // One that was being asked may have answered in between.
        return found.or(() -> runtime(language, version, template)).orElseThrow(() -> unknown(language, version));
    }

    private Optional<LanguageRuntime> runtime(String language, String version, Optional<String> template) {
        return jobs.runtimes().stream()
                .filter(one -> template.map(one.template()::equals).orElse(true))
                .filter(one -> one.language().equals(language) || one.aliases().contains(language))
                .filter(one -> matches(version, one.version()))
                .findFirst();
    }

    private Failure unknown(String language, String version) {
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                "there is no '" + Quoted.of(language) + "' of version '" + Quoted.of(version) + "'",
                "there are "
                        + jobs.runtimes().stream()
                                .map(one -> one.language() + " " + one.version())
                                .distinct()
                                .collect(Collectors.joining(", ")));
    }

    /** {@code *}, an exact one, or the beginning of one, as in {@code 3}, {@code 3.11} and {@code 3.x}. */
    static boolean matches(String wanted, String version) {
        String start = wanted.replaceAll("(\\.[x*])+$", "");
        return start.equals("*") || start.equals("x") || version.equals(start) || version.startsWith(start + ".");
    }

    private static StageLimits limits(Body body, StageLimits otherwise) {
        Optional<Duration> wall = body.number("wallMillis", 1, WALL_MILLIS_MAX).map(Duration::ofMillis);
        return new StageLimits(
                wall.orElse(otherwise.wall()),
                body.number("cpuMillis", 1, WALL_MILLIS_MAX)
                        .map(Duration::ofMillis)
                        .or(() -> wall)
                        .orElse(otherwise.cpu()),
                bytes(body, "memoryBytes", otherwise.memoryBytes()),
                body.number("outputBytes", 0, OUTPUT_BYTES_MAX).orElse(otherwise.outputBytes()),
                count(body, "processes", otherwise.processes()),
                count(body, "openFiles", otherwise.openFiles()),
                bytes(body, "fileBytes", otherwise.fileBytes()));
    }

    private static OptionalLong bytes(Body body, String name, OptionalLong otherwise) {
        return body.number(name, 1, Long.MAX_VALUE).map(OptionalLong::of).orElse(otherwise);
    }

    private static OptionalInt count(Body body, String name, OptionalInt otherwise) {
        return body.number(name, 1, 1 << 22)
                .map(number -> OptionalInt.of(number.intValue()))
                .orElse(otherwise);
    }

    /** As text, or in base64 where the name ends so. */
    private static Optional<byte[]> bytes(Body body, String name) {
        Optional<byte[]> text = body.text(name).map(value -> value.getBytes(StandardCharsets.UTF_8));
        return text.or(() -> body.text(name + "Base64").map(value -> {
            try {
                return Base64.getDecoder().decode(value);
            } catch (IllegalArgumentException e) {
                throw body.wrong(name + "Base64", "base64");
            }
        }));
    }

    private static Optional<Comparison> comparison(Body body) {
        return body.object("compare").map(compare -> {
            double absolute = compare.decimal("absolute").orElse(1e-6);
            double relative = compare.decimal("relative").orElse(1e-6);
            if (!(absolute >= 0) || !(relative >= 0)) {
                throw compare.wrong("absolute", "0 or more, and so must 'relative'");
            }
            return switch (compare.text("kind").orElse("token")) {
                case "exact" -> new Comparison.Exact();
                case "token" -> new Comparison.Token();
                case "float" -> new Comparison.Floating(absolute, relative);
                default -> throw compare.wrong("kind", "'exact', 'token' or 'float'");
            };
        });
    }

    private static Submission submission(TenantId tenant, Body body, JobOrder order) {
        Optional<String> user = body.text("user");
        if (user.isPresent() && (user.get().isBlank() || user.get().length() > NAME_LENGTH_MAX)) {
            throw body.wrong("user", "1 to " + NAME_LENGTH_MAX + " characters");
        }
        return new Submission(
                tenant,
                user,
                body.number("priority", -10, 10).orElse(0L).intValue(),
                body.text(FINISH_BY).map(text -> time(body, text)),
                body.texts("labels"),
                order);
    }

    private static Instant time(Body body, String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeException e) {
            throw body.wrong(FINISH_BY, "a time of ISO 8601 in UTC");
        }
    }
}
