package dev.skerry.server.envd;

import dev.skerry.server.connect.ConnectServer;
import dev.skerry.server.connect.RpcError;
import dev.skerry.server.connect.Schema;
import dev.skerry.server.gateway.SandboxService;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Usage;
import dev.skerry.wire.stream.GuestConnection;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Port 49983 of every sandbox: the E2B clients' door to its processes and files. Thread-safe; one serves all sandboxes.
 * What only the control plane of E2B may ask of the real envd is not answered here at all.
 */
public final class EnvdService implements SandboxService {
    /** Where clients expect it. */
    public static final int PORT = 49983;

    private static final Logger LOG = LoggerFactory.getLogger(EnvdService.class);
    private static final String TOKEN_HEADER = "X-Access-Token";
    private static final Duration STALL_BOUND = Duration.ofMinutes(1);
    private static final int MILLIS_PER_CPU = 1000;

    private final SandboxTokens tokens;
    private final InstantSource clock;
    private final Duration stallBound;
    private final Drain drain = new Drain();
    private final ConnectServer<Caller> connect;
    private final FilesEndpoint files;
    private final Map<GuestConnection, GuestSession> sessions = new ConcurrentHashMap<>();

    public EnvdService(SandboxTokens tokens, InstantSource clock) {
        this(tokens, clock, STALL_BOUND);
    }

    /** @param stallBound how long a client that does not read may hold a process up */
    EnvdService(SandboxTokens tokens, InstantSource clock, Duration stallBound) {
        this.stallBound = stallBound;
        this.tokens = tokens;
        this.clock = clock;
        this.files = new FilesEndpoint(tokens, clock);
        ConnectServer.Builder<Caller> methods = new ConnectServer.Builder<>();
        Schema filesystem = Schema.of(EnvdService.class, "filesystem.proto");
        new ProcessService(drain).addTo(methods);
        new FilesystemService(filesystem).addTo(methods);
        new WatchService(filesystem, drain).addTo(methods);
        this.connect = methods.build();
    }

    /**
     * Ends all open streams with {@code unavailable}, and every later one: the server is about to stop. To be called
     * before the connections to the sandboxes are closed, which would break the streams instead. Processes run on.
     */
    public void drain() {
        drain.begin();
    }

    @Override
    public void handle(Exchange exchange, LiveSandbox sandbox) throws IOException, InterruptedException {
        // Pages of other origins may call, as they may call E2B's: what lets them in is the token.
        exchange.set("Access-Control-Allow-Origin", "*");
        if (exchange.method().equals("OPTIONS")) {
            preflight(exchange);
            return;
        }
        try {
            route(exchange, sandbox);
        } catch (RestError e) {
            refuse(exchange, e);
        } catch (RpcError e) {
            refuse(exchange, RestError.of(e));
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE || exchange.answered()) {
                throw e;
            }
            refuse(exchange, RestError.of(e));
        } catch (RuntimeException e) {
            LOG.atError().setCause(e).addArgument(exchange::requestId).log("request {} failed");
            refuse(exchange, new RestError(500, "the server made a mistake, request " + exchange.requestId()));
        }
    }

    @Override
    public boolean answeredAsleep(Exchange exchange, Sandbox sandbox) throws IOException {
        exchange.set("Access-Control-Allow-Origin", "*");
        if (exchange.method().equals("OPTIONS")) {
            preflight(exchange);
            return true;
        }
        try {
            if (exchange.rawPath().equals("/files")) {
                files.authorize(exchange, sandbox);
                return false;
            }
            return !authorized(exchange, sandbox);
        } catch (RestError e) {
            refuse(exchange, e);
            return true;
        }
    }

    private void route(Exchange exchange, LiveSandbox sandbox) throws IOException, InterruptedException {
        String path = exchange.rawPath();
        String method = exchange.method();
        switch (path) {
            case "/health" -> {
                if (allowed(exchange, "GET")) {
                    sandbox.guest().cause().ifPresent(EnvdService::rethrow);
                    exchange.empty(204);
                }
            }
            case "/files" -> {
                if (method.equals("POST") || allowed(exchange, "GET")) {
                    files.handle(exchange, sandbox, session(sandbox.guest()));
                }
            }
            case "/files/compose" -> {
                if (authorized(exchange, sandbox.sandbox()) && allowed(exchange, "POST")) {
                    files.compose(exchange, sandbox, session(sandbox.guest()));
                }
            }
            case "/metrics" -> {
                if (authorized(exchange, sandbox.sandbox()) && allowed(exchange, "GET")) {
                    exchange.json(200, metrics(sandbox));
                }
            }
            case "/envs" -> {
                if (authorized(exchange, sandbox.sandbox()) && allowed(exchange, "GET")) {
                    exchange.json(200, sandbox.sandbox().config().environment());
                }
            }
            default -> rpc(exchange, sandbox, path);
        }
    }

    /** Clients ask for their sandbox's health to learn whether it has ended. */
    private static void rethrow(Failure cause) {
        throw new Failure(ErrorCode.SANDBOX_GONE, cause.getMessage(), cause);
    }

    private void rpc(Exchange exchange, LiveSandbox sandbox, String path) throws IOException, InterruptedException {
        if (!path.startsWith("/process.Process/") && !path.startsWith("/filesystem.Filesystem/")) {
            throw new RestError(404, "there is nothing at " + path);
        }
        if (authorized(exchange, sandbox.sandbox())) {
            GuestSession session = session(sandbox.guest());
            connect.handle(exchange, call -> new Caller(sandbox, session, call, false));
        }
    }

    private static boolean allowed(Exchange exchange, String method) throws IOException {
        if (exchange.method().equals(method)) {
            return true;
        }
        exchange.set("Allow", method).empty(405);
        return false;
    }

    private boolean authorized(Exchange exchange, Sandbox sandbox) {
        boolean good = !sandbox.config().secure()
                || exchange.header(TOKEN_HEADER)
                        .filter(token -> tokens.matches(SandboxTokens.Purpose.ENVD, sandbox.id(), token))
                        .isPresent();
        if (!good) {
            throw new RestError(
                    401, "unauthorized access, please provide a valid access token or method signing if supported");
        }
        return true;
    }

    private static void preflight(Exchange exchange) throws IOException {
        exchange.set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
                .set(
                        "Access-Control-Allow-Headers",
                        exchange.header("Access-Control-Request-Headers").orElse("*"))
                .set("Access-Control-Max-Age", "7200")
                .empty(204);
    }

    private static void refuse(Exchange exchange, RestError error) throws IOException {
        if (exchange.answered()) {
            throw error;
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("code", error.status());
        body.put("message", Optional.ofNullable(error.getMessage()).orElse(""));
        exchange.json(error.status(), body);
        if (exchange.method().equals("POST")) {
            UploadedFiles.readRest(exchange);
        }
    }

    private GuestSession session(GuestConnection guest) {
        GuestSession known = sessions.get(guest);
        if (known != null) {
            return known;
        }
        sessions.keySet().removeIf(GuestConnection::closed);
        return sessions.computeIfAbsent(guest, connection -> new GuestSession(connection, clock, stallBound));
    }

    private Map<String, Object> metrics(LiveSandbox live) {
        Sandbox sandbox = live.sandbox();
        Usage usage = live.usage().get();
        Instant now = clock.instant();
        double cpus = sandbox.config().limits().cpuMillis() / (double) MILLIS_PER_CPU;
        double share = session(live.guest()).cpuShare(usage, now, sandbox.createdAt());
        long total = sandbox.config().limits().memoryBytes();
        long used = Math.max(0, usage.memoryBytes() - usage.cacheBytes());
        Map<String, Object> metrics = new LinkedHashMap<>();
        metrics.put("ts", now.getEpochSecond());
        metrics.put("cpu_count", (long) Math.ceil(cpus));
        metrics.put("cpu_used_pct", Math.round(Math.min(1, share / cpus) * 10_000) / 100.0);
        metrics.put("mem_total", total);
        metrics.put("mem_used", used);
        metrics.put("mem_cache", usage.cacheBytes());
        metrics.put("mem_total_mib", total >> 20);
        metrics.put("mem_used_mib", used >> 20);
        metrics.put("disk_used", usage.diskBytes());
        metrics.put("disk_total", sandbox.config().limits().diskBytes());
        return metrics;
    }
}
