package dev.skerry.server;

import dev.skerry.server.database.Database;
import dev.skerry.server.e2b.E2bApi;
import dev.skerry.server.e2b.NewJob;
import dev.skerry.server.envd.EnvdService;
import dev.skerry.server.gateway.FrontDoor;
import dev.skerry.server.gateway.Gateway;
import dev.skerry.server.gateway.GatewayBounds;
import dev.skerry.server.http.Handler;
import dev.skerry.server.interpreter.InterpreterService;
import dev.skerry.server.jobs.JobQueue;
import dev.skerry.server.jobs.Pools;
import dev.skerry.server.jobs.SqlJobStore;
import dev.skerry.server.jobs.Submissions;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.leases.HostTerms;
import dev.skerry.server.operations.Health;
import dev.skerry.server.operations.HealthCheck;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.operations.UsageHistory;
import dev.skerry.server.piston.PistonApi;
import dev.skerry.server.sandboxes.SqlSandboxStore;
import dev.skerry.server.sandboxes.StoredSandboxes;
import dev.skerry.server.secrets.Resealer;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.hosts.HostAgent;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a server does with a host while it has it: all that knows sandboxes. Thread-safe. */
final class Serving implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Serving.class);
    private static final Duration CHECK_BOUND = Duration.ofSeconds(5);
    private static final long DISK_FREE_BYTES = 1L << 30;

    private final Deque<AutoCloseable> parts;
    private final StoredSandboxes sandboxes;
    private final JobQueue jobs;
    private final Submissions submissions;
    private final EnvdService envd;
    private final Health health;
    private final E2bApi api;
    private final PistonApi piston;
    private final FrontDoor door;
    private final long term;

    /** What a server has whether or not it has a host. */
    record Parts(
            ServerSettings settings,
            Database database,
            Sealing sealing,
            Tenants tenants,
            ApiKeys keys,
            RateLimits limits,
            AuditLog audit,
            SandboxTokens tokens,
            Resealer resealer,
            Webhooks webhooks,
            HostTerms terms,
            ServerMetrics metrics,
            Consumer<Duration> jobWaits,
            InstantSource clock) {}

    private Serving(Parts server, HostAgent host, Fence fence, long term, Deque<AutoCloseable> parts) {
        this.parts = parts;
        this.term = term;
        ServerSettings settings = server.settings();
        SandboxTokens tokens = server.tokens();
        InstantSource clock = server.clock();
        this.sandboxes = opened(StoredSandboxes.open(
                new SqlSandboxStore(server.database(), server.sealing(), fence, term),
                host,
                settings.sandboxes(),
                server.tenants()::quota,
                clock));
        this.jobs = opened(new JobQueue(host.jobs(), settings.jobs(), clock, tenant -> server.tenants()
                .quota(tenant)
                .limit(Resource.JOBS)));
        jobs.observeWaits(server.jobWaits());
        jobs.observeLevels((trust, achieved) -> server.metrics().job(trust.rule(), trust.floor(), achieved));
        NewJob jobForm = new NewJob(jobs, host.jobs()::asking, settings.sandboxes());
        this.submissions = opened(new Submissions(new Submissions.Parts(
                jobs,
                new SqlJobStore(server.database(), server.sealing(), fence),
                server.webhooks().callbacks(),
                jobForm,
                settings.jobs(),
                clock)));
        submissions.start();
        this.envd = new EnvdService(tokens, clock);
        Gateway gateway = opened(new Gateway(
                sandboxes,
                tokens,
                Map.of(EnvdService.PORT, envd, InterpreterService.PORT, new InterpreterService(tokens, clock)),
                GatewayBounds.DEFAULT,
                server.limits()));
        UsageHistory usage = opened(new UsageHistory(host, clock));
        this.health = new Health(
                List.of(
                        new HealthCheck("database", true, server.database()::probe),
                        HealthCheck.host(host),
                        HealthCheck.templates(host),
                        HealthCheck.diskSpace(settings.data(), DISK_FREE_BYTES)),
                CHECK_BOUND);
        Pools pools = new Pools(host.jobs(), server.metrics());
        pools.plan(settings.pools().plans(settings.sandboxes()));
        this.piston = opened(new PistonApi(new PistonApi.Parts(
                jobs, host, server.tenants(), server.keys(), server.limits(), server.audit(), settings, clock)));
        this.api = new E2bApi(new E2bApi.Parts(
                sandboxes,
                host,
                server.tenants(),
                server.keys(),
                server.limits(),
                server.audit(),
                tokens,
                settings,
                clock,
                usage,
                health,
                server.metrics(),
                server.resealer(),
                server.webhooks(),
                pools,
                submissions,
                jobForm,
                () -> server.terms().list(host.id()),
                piston.operations()));
        this.door = new FrontDoor(settings.domain(), FrontDoor.machineNames(), piston.before(api.handler()), gateway);
        usage.start();
        // The first sandbox should not wait for what every sandbox starts from.
        Thread.ofVirtual().name("templates").start(() -> prepare(host));
    }

    private <T extends AutoCloseable> T opened(T part) {
        parts.push(part);
        return part;
    }

    /**
     * Takes up the sandboxes of a host. On failure nothing of it remains.
     *
     * @param host stays open when this is closed
     * @param term its number
     */
    static Serving open(Parts server, HostAgent host, Fence fence, long term) {
        Deque<AutoCloseable> parts = new ArrayDeque<>();
        try {
            return new Serving(server, host, fence, term, parts);
        } catch (RuntimeException | Error e) {
            closeAll(parts);
            throw e;
        }
    }

    private static void prepare(HostAgent host) {
        try {
            LOG.atInfo().addKeyValue("templates", host.templates().size()).log("the templates are ready");
        } catch (RuntimeException e) {
            LOG.atWarn().setCause(e).log("the templates could not be made; the first sandbox will say why");
        }
    }

    /** Where requests go in. */
    Handler door() {
        return door;
    }

    /** Where requests go in at the address that Piston's API has for itself. */
    Handler pistonDoor() {
        return piston.own();
    }

    int running() {
        return sandboxes.running();
    }

    StoredSandboxes sandboxes() {
        return sandboxes;
    }

    JobQueue jobs() {
        return jobs;
    }

    /** Jobs that were handed in to be run later and have not ended. */
    int unfinishedJobs() {
        return submissions.unfinished();
    }

    Health health() {
        return health;
    }

    /** Its number. */
    long term() {
        return term;
    }

    /** What is looked at while there is no host. */
    static Health healthWithoutHost(Parts server) {
        return new Health(
                List.of(
                        new HealthCheck("database", true, server.database()::probe),
                        HealthCheck.diskSpace(server.settings().data(), DISK_FREE_BYTES)),
                CHECK_BOUND);
    }

    Map<TenantId, Map<Resource, Long>> useByTenant() {
        return sandboxes.useByTenant();
    }

    /** Is no longer ready, and ends the streams that would go on for ever. */
    void drain() {
        health.drain();
        envd.drain();
        submissions.drain();
        api.drain();
    }

    @Override
    public void close() {
        closeAll(parts);
    }

    static void closeAll(Deque<AutoCloseable> parts) {
        while (!parts.isEmpty()) {
            try {
                parts.pop().close();
            } catch (Exception e) {
                LOG.atWarn().setCause(e).log("a part of the server did not close in order");
            }
        }
    }
}
