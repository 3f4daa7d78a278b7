package dev.skerry.server;

import dev.skerry.server.database.Database;
import dev.skerry.server.e2b.E2bApi;
import dev.skerry.server.envd.EnvdService;
import dev.skerry.server.gateway.FrontDoor;
import dev.skerry.server.gateway.Gateway;
import dev.skerry.server.gateway.GatewayBounds;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.interpreter.InterpreterService;
import dev.skerry.server.operations.Health;
import dev.skerry.server.operations.HealthCheck;
import dev.skerry.server.operations.RequestLog;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.operations.UsageHistory;
import dev.skerry.server.sandboxes.SandboxStore;
import dev.skerry.server.sandboxes.SealedEnvironments;
import dev.skerry.server.sandboxes.SqlSandboxStore;
import dev.skerry.server.sandboxes.StoredSandboxes;
import dev.skerry.server.secrets.Resealer;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.server.secrets.Secrets;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tls.CertificateAuthority;
import dev.skerry.server.webhooks.Deliverer;
import dev.skerry.server.webhooks.WebhookStore;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server on one host: puts the parts together, and ends them in the opposite order. Its sandboxes go on when it
 * ends, and the next one on the same data folder has them. Thread-safe.
 */
public final class Server implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);
    private static final Duration CHECK_BOUND = Duration.ofSeconds(5);
    private static final long DISK_FREE_BYTES = 1L << 30;

    private final ServerSettings settings;
    private final Deque<AutoCloseable> parts;
    private final ApiKeys keys;
    private final CertificateAuthority authority;
    private final Health health;
    private final EnvdService envd;
    private final HttpServer http;
    private final E2bApi api;

    private Server(ServerSettings settings, HostAgent host, InstantSource clock, Deque<AutoCloseable> parts) {
        this.settings = settings;
        this.parts = parts;
        Path data = folder(settings.data());
        Database database = opened(Database.open(data.resolve("skerry.db")));
        this.keys = new ApiKeys(database.writer(), clock);
        this.authority = CertificateAuthority.open(data, settings.domainName(), clock);
        Secrets secrets = Secrets.open(new SecretFile(data));
        SandboxTokens tokens = new SandboxTokens(secrets);
        Sealing sealing = new Sealing(secrets);
        WebhookStore webhookStore = new WebhookStore(database.writer(), database.reader(), sealing);
        Resealer resealer =
                opened(new Resealer(secrets, List.of(new SealedEnvironments(database, sealing), webhookStore)));
        SandboxStore store = new SqlSandboxStore(database, sealing);
        StoredSandboxes sandboxes = opened(StoredSandboxes.open(store, host, settings.sandboxes(), clock));
        Webhooks webhooks = new Webhooks(webhookStore, settings.webhookNetworks(), sealing, clock);
        Deliverer deliverer = opened(new Deliverer(webhooks, webhookStore, store, clock));
        this.envd = new EnvdService(tokens, clock);
        Gateway gateway = opened(new Gateway(
                sandboxes,
                tokens,
                Map.of(EnvdService.PORT, envd, InterpreterService.PORT, new InterpreterService(tokens, clock)),
                GatewayBounds.DEFAULT));
        UsageHistory usage = opened(new UsageHistory(host, clock));
        this.health = new Health(
                List.of(
                        new HealthCheck("database", true, database::probe),
                        HealthCheck.host(host),
                        HealthCheck.templates(host),
                        HealthCheck.diskSpace(data, DISK_FREE_BYTES)),
                CHECK_BOUND);
        ServerMetrics metrics = new ServerMetrics();
        this.api = new E2bApi(new E2bApi.Parts(
                sandboxes, host, keys, tokens, settings, clock, usage, health, metrics, resealer, webhooks));
        FrontDoor door = new FrontDoor(settings.domain(), FrontDoor.machineNames(), api.handler(), gateway);
        List<Listener> listeners =
                List.of(Listener.plain(settings.http()), Listener.secure(settings.tls(), authority.context()));
        this.http = opened(HttpServer.open(listeners, new RequestLog(door, metrics)));
        metrics.gauge("skerry_sandboxes_running", "Sandboxes that run now.", sandboxes::running);
        metrics.gauge("skerry_requests_open", "Requests under way.", http::requests);
        usage.start();
        resealer.start();
        count(webhooks, deliverer, metrics);
        deliverer.start();
        // The first sandbox should not wait for what every sandbox starts from.
        Thread.ofVirtual().name("templates").start(() -> prepare(host));
    }

    private static void count(Webhooks webhooks, Deliverer deliverer, ServerMetrics metrics) {
        metrics.gauge("skerry.webhooks.given.up", "Webhooks that nothing is delivered to any more.", webhooks::givenUp);
        metrics.counter("skerry.webhook.deliveries", "Deliveries that arrived.", deliverer::delivered);
        metrics.counter("skerry.webhook.failures", "Attempts of deliveries that failed.", deliverer::failed);
    }

    private <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        return part;
    }

    private static void prepare(HostAgent host) {
        try {
            LOG.atInfo().addKeyValue("templates", host.templates().size()).log("the templates are ready");
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("the templates could not be made; the first sandbox will say why");
        }
    }

    /**
     * Starts it. On failure nothing of it remains.
     *
     * @param host in this process; the caller closes it, after the server
     * @throws Failure {@code CONFLICT} when an address is taken, {@code UNSUPPORTED} when the data folder cannot be
     *     used
     */
    public static Server open(ServerSettings settings, HostAgent host, InstantSource clock) {
        Deque<AutoCloseable> parts = new ArrayDeque<>();
        try {
            return new Server(settings, host, clock, parts);
        } catch (RuntimeException | Error e) {
            closeAll(parts);
            throw e;
        }
    }

    private static Path folder(Path data) {
        try {
            if (!Files.isDirectory(data)) {
                Files.createDirectories(
                        data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            return data;
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the data folder " + data + " cannot be made: " + e.getMessage(),
                    "name another one with --data",
                    e);
        }
    }

    /** Origin of the API without TLS, as a client on this machine names it. */
    public URI api() {
        Address asked = settings.http();
        String host = asked.host().equals("0.0.0.0") ? "127.0.0.1" : asked.host();
        return URI.create("http://" + host + ":" + http.ports().getFirst());
    }

    /** Below which sandboxes have their names, with the port that clients need. */
    public String domain() {
        return settings.domain();
    }

    /** For clients that add to what they trust, and for clients that are told all they trust (PEM). */
    public CertificateAuthority authority() {
        return authority;
    }

    public boolean accepts(String key) {
        try {
            keys.authenticate(Optional.of(key));
            return true;
        } catch (Failure e) {
            if (e.code() != ErrorCode.UNAUTHENTICATED) {
                throw e;
            }
            return false;
        }
    }

    /** The text of a new key of the tenant that exists from the first start. */
    public String mintKey(String name) {
        return keys.create(TenantId.DEFAULT, name).text();
    }

    /**
     * Is no longer ready, ends the streams that would go on for ever, takes no new connections, and waits for the
     * requests under way; those that are not done within the time of the settings are broken off.
     */
    public void drain() throws InterruptedException {
        health.drain();
        envd.drain();
        api.drain();
        http.drain(settings.drain());
    }

    @Override
    public void close() {
        closeAll(parts);
    }

    private static void closeAll(Deque<AutoCloseable> parts) {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                LOG.atWarn().setCause(e).log("a part of the server did not close in order");
            }
        }
    }
}
