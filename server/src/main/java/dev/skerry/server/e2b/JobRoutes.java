package dev.skerry.server.e2b;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.jobs.JobStore;
import dev.skerry.server.jobs.JobWork;
import dev.skerry.server.jobs.JudgementText;
import dev.skerry.server.jobs.StoredJob;
import dev.skerry.server.jobs.StoredJob.Stage;
import dev.skerry.server.jobs.StoredJobText;
import dev.skerry.server.jobs.Submissions;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Programs that are run once and judged, now or later. Ours alone. */
final class JobRoutes {
    private static final String TOKEN = "token";
    private static final int BODY_BYTES_MAX = 8 << 20;
    private static final Duration WAIT_MAX = Duration.ofSeconds(60);
    private static final int KEY_LENGTH_MAX = 255;
    private static final int LIMIT = 100;

    private final Submissions submissions;
    private final NewJob form;
    private final Webhooks webhooks;
    private final InstantSource clock;

    JobRoutes(Submissions submissions, NewJob form, Webhooks webhooks, InstantSource clock) {
        this.submissions = submissions;
        this.form = form;
        this.webhooks = webhooks;
        this.clock = clock;
    }

    List<Operation> operations(Door door) {
        return List.of(
                door.keyed(
                                KeyScope.SANDBOXES,
                                "POST",
                                "/skerry/v1/jobs",
                                "Run a program and judge it: now, or later with 'async'.",
                                this::create)
                        .takes("NewJob")
                        .answers(200, "JobResult")
                        .answers(202, "Job"),
                door.keyed(KeyScope.READ, "GET", "/skerry/v1/jobs", "List jobs that were handed in.", this::list)
                        .query("state", "waiting, running or ended; all if absent.")
                        .query("before", "Those that were handed in before the job of this token.")
                        .queryNumber("limit", "1 to 100; 100 if absent.")
                        .answers(200, "[]Job"),
                door.keyed(KeyScope.READ, "GET", "/skerry/v1/jobs/{token}", "Get a job and its result.", this::get)
                        .query("wait", "How long to wait for its end, as in 30s; 60s at most.")
                        .answers(200, "Job"),
                door.keyed(KeyScope.SANDBOXES, "DELETE", "/skerry/v1/jobs/{token}", "Cancel a job.", this::cancel)
                        .answers(204));
    }

    private void create(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        Body body = Body.of(exchange, BODY_BYTES_MAX);
        ObjectNode request = ((ObjectNode) body.root()).deepCopy();
        if (!body.has("user")) {
            request.put("user", caller.key().id());
        }
        request.remove(NewJob.FINISH_BY);
        body.number("finishWithinMillis", 1, Duration.ofDays(1).toMillis())
                .ifPresent(millis -> request.put(
                        NewJob.FINISH_BY, clock.instant().plusMillis(millis).toString()));
        String identity = body.root() + caller.key().id();
        request.remove("callback");
        JobWork work = form.work(caller.tenant(), new Body(request, ""));
        Optional<String> key = key(exchange);
        Optional<Body> callback = body.object("callback");
        boolean later = body.flag("async", false);
        if (callback.isPresent() && !later) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'callback' is for a job that is run later", "set 'async'");
        }
        if (!later && key.isEmpty()) {
            exchange.interruptWhenClientLeaves();
            exchange.json(200, JudgementText.of(submissions.run(work)));
            return;
        }
        Optional<JobStore.Callback> told = callback.map(this::callback);
        Submissions.Taken taken =
                submissions.hand(new Submissions.Handed(work, request.toString(), identity, key, told));
        RequestFacts.subject(exchange, taken.job().token());
        if (later) {
            accepted(exchange, taken, callback, told);
        } else {
            exchange.interruptWhenClientLeaves();
            exchange.json(200, StoredJobText.of(ended(taken.job())).path("result"));
        }
    }

    private static void accepted(
            Exchange exchange, Submissions.Taken taken, Optional<Body> callback, Optional<JobStore.Callback> told)
            throws IOException {
        ObjectNode node = StoredJobText.of(taken.job());
        boolean fresh =
                !taken.again() && callback.map(body -> !body.has("secret")).orElse(false);
        if (fresh && node.get("callback") instanceof ObjectNode shown) {
            told.ifPresent(one -> shown.put("secret", one.secret()));
        }
        exchange.set("Location", "/skerry/v1/jobs/" + taken.job().token()).json(202, node);
    }

    private StoredJob ended(StoredJob job) throws InterruptedException {
        StoredJob known = job;
        while (!known.ended()) {
            known = submissions.await(job.tenant(), job.token(), WAIT_MAX);
        }
        return known;
    }

    private JobStore.Callback callback(Body body) {
        String url = body.text("url").orElseThrow(() -> body.wrong("url", "a URL"));
        String secret = body.text("secret").orElseGet(webhooks::freshSecret);
        webhooks.callbacks().check(url, secret);
        return new JobStore.Callback(url, secret);
    }

    private static Optional<String> key(Exchange exchange) {
        Optional<String> key = exchange.header("Idempotency-Key").filter(text -> !text.isBlank());
        if (key.isPresent() && key.get().length() > KEY_LENGTH_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, "an Idempotency-Key has " + KEY_LENGTH_MAX + " characters at most");
        }
        return key;
    }

    private void list(Exchange exchange, Caller caller) throws IOException {
        Optional<Stage> stage = Queries.one(exchange, "state", Stage.values());
        int limit = Queries.limit(exchange, 1, LIMIT, LIMIT);
        ArrayNode array = Exchange.JSON.createArrayNode();
        submissions
                .list(caller.tenant(), stage, Queries.text(exchange, "before"), limit)
                .forEach(job -> array.add(StoredJobText.brief(job)));
        exchange.json(200, array);
    }

    private void get(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        Optional<Duration> wait = Queries.text(exchange, "wait").map(JobRoutes::time);
        String token = exchange.variable(TOKEN);
        StoredJob job = wait.isPresent()
                ? submissions.await(caller.tenant(), token, wait.get(), exchange::interruptWhenClientLeaves)
                : submissions.get(caller.tenant(), token);
        exchange.json(200, StoredJobText.of(job));
    }

    private static Duration time(String text) {
        if (text.matches("0+s?")) {
            return Duration.ZERO;
        }
        Duration wait = Quantity.time(text.matches("[0-9]+") ? text + "s" : text);
        return wait.compareTo(WAIT_MAX) > 0 ? WAIT_MAX : wait;
    }

    private void cancel(Exchange exchange, Caller caller) throws IOException {
        submissions.cancel(caller.tenant(), exchange.variable(TOKEN));
        exchange.empty(204);
    }
}
