package dev.skerry.server.e2b;

import dev.skerry.server.e2b.NewSandbox.Dialect;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.sandboxes.PauseKind;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.sandboxes.Sandboxes.Connected;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What is done to one sandbox. */
final class SandboxRoutes {
    private static final Duration REFRESH = Duration.ofSeconds(15);
    private static final int REFRESH_SECONDS_MAX = 3600;
    private static final Pattern IDEMPOTENCY_KEY = Pattern.compile("[!-~]{1,255}");
    private static final List<String> RULES = List.of("allowOut", "denyOut", "rules", "egressProxy");

    private final Sandboxes sandboxes;
    private final Templates templates;
    private final SandboxAnswers answers;
    private final SandboxSettings settings;

    SandboxRoutes(Sandboxes sandboxes, Templates templates, SandboxAnswers answers, SandboxSettings settings) {
        this.sandboxes = sandboxes;
        this.templates = templates;
        this.answers = answers;
        this.settings = settings;
    }

    List<Operation> operations(Door door) {
        return Stream.of(beginning(door), running(door), notYet(door))
                .flatMap(List::stream)
                .toList();
    }

    private List<Operation> beginning(Door door) {
        return List.of(
                door.keyed(KeyScope.SANDBOXES, "POST", "/sandboxes", "Create a sandbox.", create(Dialect.V1))
                        .takes("NewSandbox")
                        .answers(201, "Sandbox"),
                door.keyed(KeyScope.SANDBOXES, "POST", "/v2/sandboxes", "Create a secure sandbox.", create(Dialect.V2))
                        .takes("NewSandboxV2")
                        .answers(201, "Sandbox"),
                door.keyed(KeyScope.READ, "GET", "/sandboxes/{sandboxID}", "Get a sandbox.", this::get)
                        .answers(200, "SandboxDetail"),
                door.keyed(
                                KeyScope.SANDBOXES,
                                "POST",
                                "/sandboxes/{sandboxID}/connect",
                                "Make sure that a sandbox runs, for that long at least.",
                                connect(Dialect.V1))
                        .takes("ConnectSandbox")
                        .answers(200, "Sandbox")
                        .answers(201, "Sandbox"),
                door.keyed(
                                KeyScope.SANDBOXES,
                                "POST",
                                "/v2/sandboxes/{sandboxID}/connect",
                                "Make sure that a sandbox runs, for five minutes if nothing is said.",
                                connect(Dialect.V2))
                        .takes("ConnectSandboxV2")
                        .answers(200, "Sandbox")
                        .answers(201, "Sandbox"),
                door.keyed(
                                KeyScope.SANDBOXES,
                                "POST",
                                "/sandboxes/{sandboxID}/resume",
                                "Resume a paused sandbox.",
                                this::resume)
                        .takes("ResumedSandbox")
                        .answers(201, "Sandbox"));
    }

    private List<Operation> running(Door door) {
        return List.of(
                door.keyed(
                                KeyScope.SANDBOXES,
                                "DELETE",
                                "/sandboxes/{sandboxID}",
                                "End a sandbox, also a paused one.",
                                this::kill)
                        .answers(204),
                door.keyed(
                                KeyScope.SANDBOXES,
                                "POST",
                                "/sandboxes/{sandboxID}/timeout",
                                "Set the end of a sandbox, from now.",
                                this::timeout)
                        .takes("SandboxTimeout")
                        .answers(204),
                door.keyed(
                                KeyScope.SANDBOXES,
                                "POST",
                                "/sandboxes/{sandboxID}/refreshes",
                                "Set the end of a sandbox, from now, if that is later than it was.",
                                this::refresh)
                        .takes("SandboxRefresh")
                        .answers(204),
                door.keyed(KeyScope.SANDBOXES, "POST", "/sandboxes/{sandboxID}/pause", "Pause a sandbox.", this::pause)
                        .takes("SandboxPause")
                        .answers(204),
                door.keyed(
                                KeyScope.SANDBOXES,
                                "PUT",
                                "/sandboxes/{sandboxID}/network",
                                "Replace the network rules of a sandbox; there can be none yet.",
                                this::network)
                        .takes("SandboxNetworkUpdate")
                        .answers(204));
    }

    private List<Operation> notYet(Door door) {
        return List.of(
                door.keyed(
                        KeyScope.SANDBOXES,
                        "POST",
                        "/sandboxes/{sandboxID}/snapshots",
                        "Not yet: make a snapshot of a sandbox.",
                        notYet("snapshots of sandboxes")),
                door.keyed(
                        KeyScope.SANDBOXES,
                        "POST",
                        "/sandboxes/{sandboxID}/fork",
                        "Not yet: fork a sandbox.",
                        notYet("forks of sandboxes")));
    }

    private Door.KeyedHandler create(Dialect dialect) {
        return (exchange, caller) -> {
            NewSandbox asked = NewSandbox.parse(Body.of(exchange), dialect, settings);
            Templates.Found found = templates.find(caller.tenant(), asked.template());
            SandboxConfig config = asked.config(found.template().id(), found.alias(), settings);
            Optional<String> key = idempotencyKey(exchange);
            Sandbox made = place(caller.tenant(), config, asked.timeout(), key);
            RequestFacts.subject(exchange, made.id().text());
            exchange.json(201, answers.access(made));
        };
    }

    /** What is not there yet cannot be gone: one that ends while it starts was not placed. */
    private Sandbox place(TenantId tenant, SandboxConfig config, Duration timeout, Optional<String> idempotencyKey)
            throws InterruptedException {
        try {
            return sandboxes.create(tenant, config, timeout, idempotencyKey);
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw new Failure(ErrorCode.NO_CAPACITY, "Failed to place sandbox: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    private static Optional<String> idempotencyKey(Exchange exchange) {
        return exchange.header("Idempotency-Key").map(key -> {
            if (!IDEMPOTENCY_KEY.matcher(key).matches()) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "the header Idempotency-Key must have 1 to 255 visible ASCII characters");
            }
            return key;
        });
    }

    private void get(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        Sandbox sandbox = SandboxPath.call(exchange, caller, sandboxes::get);
        exchange.json(200, answers.detail(sandbox, caller.may(KeyScope.SANDBOXES)));
    }

    private void kill(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        done(exchange, caller, sandboxes::kill);
    }

    private Door.KeyedHandler connect(Dialect dialect) {
        return (exchange, caller) -> {
            Body body = Body.of(exchange);
            if (dialect == Dialect.V1 && !body.has("timeout")) {
                throw missing("timeout");
            }
            Connected connected = connect(exchange, caller, body, dialect.timeout);
            exchange.json(connected.resumed() ? 201 : 200, answers.access(connected.sandbox()));
        };
    }

    private Connected connect(Exchange exchange, Caller caller, Body body, Duration otherwise)
            throws InterruptedException {
        Duration timeout = body.number("timeout").map(Timeouts::seconds).orElse(otherwise);
        Timeouts.check(timeout, settings.timeoutMax());
        boolean memory = body.flag("memory", true);
        return SandboxPath.call(exchange, caller, (tenant, id) -> sandboxes.connect(tenant, id, timeout, memory));
    }

    private void resume(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        Body body = Body.of(exchange);
        Sandbox before = SandboxPath.call(exchange, caller, sandboxes::get);
        if (!SandboxAnswers.isPaused(before.state())) {
            throw new Failure(ErrorCode.CONFLICT, "sandbox '" + before.id() + "' is already running");
        }
        Connected connected = connect(exchange, caller, body, Dialect.V1.timeout);
        exchange.json(201, answers.access(connected.sandbox()));
    }

    private void timeout(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        Duration timeout = Timeouts.seconds(Body.of(exchange).number("timeout").orElseThrow(() -> missing("timeout")));
        Timeouts.checkMost(timeout, settings.timeoutMax());
        done(exchange, caller, (tenant, id) -> sandboxes.timeout(tenant, id, timeout));
    }

    private void refresh(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        long seconds = Body.of(exchange).number("duration").orElse(REFRESH.toSeconds());
        if (seconds < 0 || seconds > REFRESH_SECONDS_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'duration' must be a number of seconds from 0 to " + REFRESH_SECONDS_MAX + ", not " + seconds);
        }
        Duration duration = Duration.ofSeconds(seconds);
        Timeouts.checkMost(duration, settings.timeoutMax());
        done(exchange, caller, (tenant, id) -> sandboxes.extend(tenant, id, duration));
    }

    private void pause(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        PauseKind kind = Body.of(exchange).flag("memory", true) ? PauseKind.MEMORY : PauseKind.DISK;
        done(exchange, caller, (tenant, id) -> sandboxes.pause(tenant, id, kind));
    }

    private void network(Exchange exchange, Caller caller) throws IOException, InterruptedException {
        Body body = Body.of(exchange);
        SandboxPath.call(exchange, caller, sandboxes::get);
        for (String name : RULES) {
            if (body.filled(name)) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + name + "' is not supported by this server: sandboxes have loopback only",
                        "leave it out");
            }
        }
        body.flag("allow_internet_access", true);
        exchange.empty(204);
    }

    /** Whose sandbox it is comes first, so that nobody learns of another tenant's. */
    private Door.KeyedHandler notYet(String what) {
        return (exchange, caller) -> {
            SandboxPath.call(exchange, caller, sandboxes::get);
            NotYet.answer(exchange, what);
        };
    }

    /** A command without a result. */
    private interface Order {
        void on(TenantId tenant, SandboxId id) throws InterruptedException;
    }

    private static void done(Exchange exchange, Caller caller, Order order) throws IOException, InterruptedException {
        SandboxPath.call(exchange, caller, (tenant, id) -> {
            order.on(tenant, id);
            return id;
        });
        exchange.empty(204);
    }

    private static Failure missing(String name) {
        return new Failure(ErrorCode.INVALID_REQUEST, "'" + name + "' is missing");
    }
}
