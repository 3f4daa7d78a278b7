package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Route;
import dev.skerry.server.http.WebSocket;
import dev.skerry.server.jobs.Jobs;
import dev.skerry.server.jobs.Submission;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.Authentication;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.jobs.JobOutcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Piston's API, version 2: at the addresses of the API below {@code /api/v2}, with a key before it as
 * {@code /k/<key>/api/v2}, and at an address of its own. The table of entries is the only place where something is let
 * in: each says what key it needs.
 */
public final class PistonApi implements AutoCloseable {
    private static final String BASE = "/api/v2";
    private static final String KEY_FOLDER = "/k/";
    private static final Map<String, String> GREETING = Map.of("message", "Piston v3.1.1", "server", "Skerry");
    private static final Duration INIT_TIMEOUT = Duration.ofSeconds(1);

    /** How long a client that reads nothing holds a place of the queue. */
    private static final Duration BEHIND_MAX = Duration.ofSeconds(10);

    private static final int NOT_FOUND = 404;

    private final Parts parts;
    private final Access access;
    private final JsonBody body;
    private final PistonJobs submissions;
    private final Packages packages;
    private final PackageAudit audit;
    private final SocketBound sockets;
    private final Alarm alarm = new Alarm();
    private final Dialogue.Parts dialogues;
    private final List<Entry> entries;

    /** What it is made of. What has a life of its own belongs to whoever made it. */
    public record Parts(
            Jobs jobs,
            HostAgent host,
            Tenants tenants,
            ApiKeys keys,
            RateLimits limits,
            AuditLog audit,
            ServerSettings settings,
            InstantSource clock) {}

    /** Answers a request whose content has been read. */
    @FunctionalInterface
    private interface Reading {
        void give(Exchange exchange, Caller caller, JsonNode asked) throws IOException, InterruptedException;
    }

    public PistonApi(Parts parts) {
        this(parts, BEHIND_MAX);
    }

    PistonApi(Parts parts, Duration behind) {
        ServerSettings settings = parts.settings();
        this.parts = parts;
        this.access = new Access(settings, new Authentication(parts.keys(), parts.limits()), parts.limits());
        this.body = new JsonBody(settings.piston().bodyBytesMax());
        this.submissions = new PistonJobs(settings, parts.tenants(), this::runtimes, () -> parts.host()
                .jobs()
                .asking());
        this.packages = new Packages(
                parts.host(), this::runtimes, settings.piston().packages().map(PackageFolder::new));
        this.audit = new PackageAudit(parts.audit(), parts.clock());
        this.sockets = new SocketBound(settings.piston().socketsMax());
        this.dialogues = new Dialogue.Parts(submissions, parts.jobs(), alarm, INIT_TIMEOUT, behind);
        this.entries = entries();
    }

    private List<Entry> entries() {
        String name = "PistonPackageName";
        return List.of(
                entry(KeyScope.READ, Traffic.READ, "GET", "/runtimes", "List what can be run.", this::list)
                        .answers(200, "[]PistonRuntime"),
                entry(KeyScope.SANDBOXES, Traffic.JOB, "POST", "/execute", "Run a program.", reading(this::execute))
                        .takes("PistonExecute")
                        .answers(200, "PistonResult"),
                entry(KeyScope.SANDBOXES, Traffic.JOB, "GET", "/connect", "Run a program by WebSocket.", this::connect)
                        .answers(101, ""),
                entry(KeyScope.READ, Traffic.READ, "GET", "/packages", "List the languages.", this::packages)
                        .answers(200, "[]PistonPackage"),
                entry(
                                KeyScope.ADMIN,
                                Traffic.MUTATE,
                                "POST",
                                "/packages",
                                "Install a language of the folder of packages; nothing is fetched.",
                                audit.of("POST", reading((exchange, _, asked) -> packages.install(exchange, asked))))
                        .takes(name)
                        .answers(200, name),
                entry(
                                KeyScope.ADMIN,
                                Traffic.MUTATE,
                                "DELETE",
                                "/packages",
                                "Remove a package, or a template that has this language alone.",
                                audit.of(
                                        "DELETE", reading((exchange, _, asked) -> packages.uninstall(exchange, asked))))
                        .takes(name)
                        .answers(200, name));
    }

    private Entry entry(
            KeyScope least, Traffic traffic, String method, String path, String summary, Entry.Answer answer) {
        return Entry.of(least, traffic, new Route(method, BASE + path, summary, this::atSharedAddress), answer);
    }

    /** For whoever documents them. */
    public List<Operation> operations() {
        return entries.stream().map(Entry::operation).toList();
    }

    private Runtimes runtimes() {
        return new Runtimes(parts.jobs().runtimes());
    }

    /** For an address that is Piston's alone: answers everything, errors included. */
    public Handler own() {
        return new PistonErrors(this::atOwnAddress);
    }

    /** For addresses that it shares: answers what is Piston's, and leaves the rest to others. */
    public Handler before(Handler others) {
        Handler here = new PistonErrors(this::atSharedAddress);
        return exchange -> (isPistons(exchange.rawPath()) ? here : others).handle(exchange);
    }

    private static boolean isPistons(String path) {
        return path.startsWith(BASE + "/") || path.startsWith(KEY_FOLDER);
    }

    private void atOwnAddress(Exchange exchange) throws IOException, InterruptedException {
        serve(exchange, Entrance.of(exchange, true));
    }

    private void atSharedAddress(Exchange exchange) throws IOException, InterruptedException {
        serve(exchange, Entrance.of(exchange, false));
    }

    private void serve(Exchange exchange, Entrance entrance) throws IOException, InterruptedException {
        String method = exchange.method().equals("HEAD") ? "GET" : exchange.method();
        if (entrance.path().equals("/") && method.equals("GET")) {
            RequestFacts.route(exchange, "/");
            parts.limits().pass(Traffic.UNKNOWN, RateLimits.network(exchange.remote()));
            PistonErrors.send(exchange, 200, GREETING);
            return;
        }
        List<Entry> here = entries.stream()
                .filter(entry -> entry.path().equals(entrance.path()))
                .toList();
        Optional<Entry> found =
                here.stream().filter(entry -> entry.method().equals(method)).findFirst();
        if (found.isPresent()) {
            RequestFacts.route(exchange, found.get().path());
            Caller caller = access.admit(
                    exchange, entrance, found.get().scope(), found.get().traffic());
            found.get().answer().give(exchange, caller);
        } else if (method.equals("OPTIONS") && !here.isEmpty()) {
            options(exchange, here);
        } else {
            missing(exchange);
        }
    }

    /** Without leave for pages of other origins, as Piston gives none. */
    private static void options(Exchange exchange, List<Entry> here) throws IOException {
        TreeSet<String> methods = new TreeSet<>();
        for (Entry entry : here) {
            methods.add(entry.method());
            if (entry.method().equals("GET")) {
                methods.add("HEAD");
            }
        }
        String allowed = String.join(",", methods);
        exchange.set("Allow", allowed);
        exchange.bytes(200, "text/html; charset=utf-8", allowed.getBytes(StandardCharsets.UTF_8));
    }

    private static void missing(Exchange exchange) throws IOException {
        PistonErrors.send(exchange, NOT_FOUND, Map.of("message", "Not Found"));
    }

    private Entry.Answer reading(Reading then) {
        return (exchange, caller) -> {
            Optional<JsonNode> asked = body.read(exchange);
            if (asked.isPresent()) {
                then.give(exchange, caller, asked.get());
            }
        };
    }

    private void list(Exchange exchange, Caller caller) throws IOException {
        PistonErrors.send(exchange, 200, runtimes().list());
    }

    private void packages(Exchange exchange, Caller caller) throws IOException {
        packages.list(exchange);
    }

    private void execute(Exchange exchange, Caller caller, JsonNode asked) throws IOException, InterruptedException {
        JobRequest request = submissions.read(asked, caller);
        Interleaved output = new Interleaved(request);
        exchange.interruptWhenClientLeaves();
        Submission submission = submissions.submit(
                exchange.requestId(),
                request,
                caller,
                Optional.of(request.stdin().orElse("")));
        Trust trust = new Trust(exchange, caller);
        JobOutcome outcome = parts.jobs().run(submission, output, decision -> trust.decided(decision, request));
        PistonErrors.send(exchange, 200, Stages.answer(request, outcome, trust.decision(), output));
    }

    private void connect(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        if (!WebSocket.isAsked(exchange)) {
            missing(exchange);
            return;
        }
        sockets.enter(caller.tenant());
        try {
            WebSocket socket =
                    WebSocket.open(exchange, parts.settings().piston().bodyBytesMax());
            new Dialogue(socket, caller, exchange.requestId(), dialogues, new Trust(exchange, caller)).run();
        } finally {
            sockets.leave(caller.tenant());
        }
    }

    /** How many WebSockets are open. */
    public int sockets() {
        return sockets.open();
    }

    @Override
    public void close() {
        alarm.close();
    }
}
