package dev.skerry.server;

import dev.skerry.server.backup.DatabaseNote;
import dev.skerry.server.backup.Replacement;
import dev.skerry.server.database.Database;
import dev.skerry.server.gateway.RelaySeal;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.jobs.SqlJobStore;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.leases.HostTerms;
import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.server.operations.RequestLog;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.sandboxes.SealedEnvironments;
import dev.skerry.server.sandboxes.SqlSandboxStore;
import dev.skerry.server.secrets.Resealer;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.secrets.SecretFile;
import dev.skerry.server.secrets.Secrets;
import dev.skerry.server.settings.DatabaseSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.tls.CertificateAuthority;
import dev.skerry.server.webhooks.Deliverer;
import dev.skerry.server.webhooks.WebhookStore;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostSource;
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
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server of one host: puts the parts together, and ends them in the opposite order. Its sandboxes go on when it
 * ends, and the next one on the same database and host has them. With a database that servers share it has the host
 * only while it has the lease of it, and passes requests on otherwise. Thread-safe.
 */
public final class Server implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);
    private static final Duration FIRST_BOUND = Duration.ofSeconds(15);

    private final ServerSettings settings;
    private final Deque<AutoCloseable> parts;
    private final Serving.Parts common;
    private final CertificateAuthority authority;
    private final Supplier<Optional<Serving>> serving;
    private final Runnable draining;
    private final HttpServer http;
    private final Optional<HttpServer> piston;

    private Server(ServerSettings settings, HostSource hosts, InstantSource clock, Deque<AutoCloseable> parts)
            throws InterruptedException {
        this.settings = settings;
        this.parts = parts;
        Path data = folder(settings.data());
        Database database = opened(database(settings, data));
        note(settings, data);
        this.authority = CertificateAuthority.open(data, settings.domainName(), clock);
        Secrets secrets = Secrets.open(new SecretFile(data));
        Sealing sealing = new Sealing(secrets);
        Tenants tenants = new Tenants(database.writer(), settings.quota(), clock);
        AuditLog audit =
                opened(new AuditLog(database.writer(), database.reader(), settings.auditKeep(), clock).start());
        WebhookStore hookStore = new WebhookStore(database.writer(), database.reader(), sealing);
        Webhooks webhooks = new Webhooks(hookStore, settings.webhookNetworks(), sealing, clock);
        Resealer resealer = opened(new Resealer(
                secrets,
                List.of(
                        new SealedEnvironments(database, sealing),
                        hookStore,
                        new SqlJobStore(database, sealing, Fence.NONE))));
        ServerMetrics metrics = new ServerMetrics();
        this.common = new Serving.Parts(
                settings,
                database,
                sealing,
                tenants,
                new ApiKeys(database.writer(), clock),
                new RateLimits(settings.rates(), clock),
                audit,
                new SandboxTokens(secrets),
                resealer,
                webhooks,
                new HostTerms(database),
                metrics,
                metrics.timer("skerry.jobs.wait", "How long jobs waited for their turn.")::record,
                clock);
        Deliverer deliverer = opened(new Deliverer(webhooks, hookStore, new SqlSandboxStore(database, sealing), clock));
        if (settings.database().postgres().isPresent()) {
            Sharing sharing = new Sharing(common, hosts, new RelaySeal(secrets, clock));
            opened(sharing.relay());
            this.serving = sharing.reception()::serving;
            this.draining = sharing.reception()::drain;
            this.http = opened(listen(sharing.reception()));
            opened(sharing.delivering(origin(), deliverer)).start();
            boolean _ = opened(sharing.keeper(origin())).start().awaitFirst(FIRST_BOUND);
        } else {
            HostAgent host = hosts.open(0);
            parts.push(() -> hosts.letGo(host));
            HostTerm term = common.terms()
                    .begin(
                            host.id(),
                            UUID.randomUUID().toString(),
                            settings.http().host() + ":" + settings.http().port(),
                            clock.instant());
            Serving only = opened(Serving.open(common, host, Fence.NONE, term.number()));
            this.serving = () -> Optional.of(only);
            this.draining = only::drain;
            this.http = opened(listen(only.door()));
            deliverer.start();
        }
        this.piston = settings.piston().listen().map(address -> opened(listenForPiston(address)));
        resealer.start();
        measure(database, webhooks, deliverer);
    }

    private void measure(Database database, Webhooks webhooks, Deliverer deliverer) {
        Measures measures = new Measures(common.metrics(), serving);
        measures.sandboxes(settings.sandboxes().runningMax());
        measures.jobs();
        measures.parts(http, common.audit(), deliverer, common.terms());
        measures.machine(database, authority, settings.data());
        opened(measures.vitals(Serving.healthWithoutHost(common), webhooks)).start();
    }

    private static Database database(ServerSettings settings, Path data) {
        DatabaseSettings wanted = settings.database();
        return wanted.postgres()
                .map(address -> Database.open(address, wanted.password()))
                .orElseGet(() -> sqlite(data));
    }

    private static Database sqlite(Path data) {
        Path file = data.resolve("skerry.db");
        DatabaseNote.requireStillThere(data, file);
        return Database.open(file);
    }

    /** For backups; one that cannot be noted on a full disk does not keep a server from starting. */
    private static void note(ServerSettings settings, Path data) {
        try {
            DatabaseNote.write(data, settings.database());
        } catch (IOException e) {
            LOG.atWarn().setCause(e).log("which database this is cannot be noted in the data folder");
        }
    }

    private <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        return part;
    }

    private HttpServer listen(Handler door) {
        List<Listener> listeners =
                List.of(Listener.plain(settings.http()), Listener.secure(settings.tls(), authority.context()));
        return HttpServer.open(listeners, new RequestLog(door, common.metrics()));
    }

    /** At an address of its own, where somebody may need no key. */
    private HttpServer listenForPiston(Address address) {
        if (settings.piston().anonymous()) {
            common.tenants().createAnonymous();
        }
        Handler door = new RequestLog(new PistonReception(serving), common.metrics());
        return HttpServer.open(List.of(Listener.plain(address)), door);
    }

    /** Where other servers reach this one. */
    private URI origin() {
        return settings.database().advertised().orElseGet(this::api);
    }

    /**
     * Starts it with a host that nobody else has. On failure nothing of it remains.
     *
     * @param host in this process; the caller closes it, after the server
     * @throws Failure {@code CONFLICT} when an address is taken, {@code UNSUPPORTED} when the data folder cannot be
     *     used
     */
    public static Server open(ServerSettings settings, HostAgent host, InstantSource clock)
            throws InterruptedException {
        return open(settings, new Borrowed(host), clock);
    }

    /**
     * Starts it. If servers share the database, it returns when it has the host, or when another server does, or after
     * a while. On failure nothing of it remains.
     *
     * @throws Failure {@code CONFLICT} when an address is taken, {@code UNSUPPORTED} when the data folder cannot be
     *     used, {@code INVALID_REQUEST} when the database is another host's
     */
    public static Server open(ServerSettings settings, HostSource hosts, InstantSource clock)
            throws InterruptedException {
        Deque<AutoCloseable> parts = new ArrayDeque<>();
        try {
            return new Server(settings, hosts, clock, parts);
        } catch (RuntimeException | Error | InterruptedException e) {
            Serving.closeAll(parts);
            throw e;
        }
    }

    private record Borrowed(HostAgent host) implements HostSource {
        @Override
        public HostId id() {
            return host.id();
        }

        @Override
        public HostAgent open(long epoch) {
            return host;
        }

        @Override
        public void letGo(HostAgent opened) {
            // Whoever lent it closes it.
        }
    }

    private static Path folder(Path data) {
        try {
            if (!Files.isDirectory(data)) {
                Files.createDirectories(
                        data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            if (Replacement.finish(data)) {
                LOG.atWarn().addKeyValue("data", data).log("a backup that was being restored is restored now");
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
        return origin(settings.http(), http);
    }

    /** Origin of Piston's API alone. */
    public Optional<URI> piston() {
        return settings.piston().listen().flatMap(asked -> piston.map(listening -> origin(asked, listening)));
    }

    private static URI origin(Address asked, HttpServer listening) {
        String host = asked.host().equals("0.0.0.0") ? "127.0.0.1" : asked.host();
        return URI.create("http://" + host + ":" + listening.ports().getFirst());
    }

    /** Below which sandboxes have their names, with the port that clients need. */
    public String domain() {
        return settings.domain();
    }

    /** For clients that add to what they trust, and for clients that are told all they trust (PEM). */
    public CertificateAuthority authority() {
        return authority;
    }

    /** Whether it has the host; otherwise it passes requests on to the server that has it. */
    public boolean serves() {
        return serving.get().isPresent();
    }

    public boolean accepts(String key) {
        try {
            common.keys().authenticate(Optional.of(key));
            return true;
        } catch (Failure e) {
            if (e.code() != ErrorCode.UNAUTHENTICATED) {
                throw e;
            }
            return false;
        }
    }

    /** The text of a new key of the tenant that exists from the first start; it opens everything. */
    public String mintKey(String name) {
        return common.keys()
                .create(TenantId.DEFAULT, name, KeyScope.ADMIN, Optional.empty())
                .text();
    }

    /**
     * Is no longer ready, ends the streams that would go on for ever, takes no new connections, and waits for the
     * requests under way; those that are not done within the time of the settings are broken off.
     */
    public void drain() throws InterruptedException {
        draining.run();
        piston.ifPresent(HttpServer::stopAccepting);
        http.drain(settings.drain());
        if (piston.isPresent()) {
            piston.get().drain(settings.drain());
        }
    }

    @Override
    public void close() {
        Serving.closeAll(parts);
    }
}
