package dev.skerry.server.e2b;

import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Route;
import dev.skerry.server.http.Routes;
import dev.skerry.server.jobs.Pools;
import dev.skerry.server.jobs.Submissions;
import dev.skerry.server.leases.HostTerms.HostTerm;
import dev.skerry.server.openapi.OpenApiDocument;
import dev.skerry.server.openapi.Operation;
import dev.skerry.server.operations.Health;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.operations.UsageHistory;
import dev.skerry.server.sandboxes.Sandboxes;
import dev.skerry.server.secrets.Resealer;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.tenants.ApiKeys;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tenants.Tenants;
import dev.skerry.server.webhooks.Webhooks;
import dev.skerry.wire.hosts.HostAgent;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The control plane: the REST half of the E2B API, what we add to it below {@code /skerry/v1}, the server's health and
 * metrics, and the document that describes all of it. The table of operations is the only place where something is let
 * in: each says what key it needs.
 */
public final class E2bApi {
    private final List<Operation> operations;
    private final List<Operation> documented;
    private final EventStream eventStream;

    /**
     * What it is made of. What has a life of its own belongs to whoever made it.
     *
     * @param terms of the host, oldest first
     * @param others answered by others at the same address, and documented with these
     */
    public record Parts(
            Sandboxes sandboxes,
            HostAgent host,
            Tenants tenants,
            ApiKeys keys,
            RateLimits limits,
            AuditLog audit,
            SandboxTokens tokens,
            ServerSettings settings,
            InstantSource clock,
            UsageHistory usage,
            Health health,
            ServerMetrics metrics,
            Resealer secrets,
            Webhooks webhooks,
            Pools pools,
            Submissions submissions,
            NewJob jobForm,
            Supplier<List<HostTerm>> terms,
            List<Operation> others) {}

    public E2bApi(Parts parts) {
        Door door = new Door(parts.keys(), parts.limits(), parts.audit(), parts.clock());
        Templates templates = new Templates(parts.host(), parts.clock());
        SandboxAnswers answers =
                new SandboxAnswers(parts.tokens(), parts.settings().domain());
        var limits = parts.settings().sandboxes();
        Searches searches = new Searches();
        List<Operation> all = new ArrayList<>();
        all.addAll(new SandboxRoutes(parts.sandboxes(), templates, answers, limits).operations(door));
        all.addAll(new ListRoutes(parts.sandboxes(), answers).operations(door));
        all.addAll(new ObservationRoutes(parts.sandboxes(), parts.usage(), searches).operations(door));
        this.eventStream = new EventStream(parts.sandboxes(), parts.keys());
        all.addAll(eventStream.operations(door));
        all.addAll(new WebhookRoutes(parts.webhooks()).operations(door));
        all.addAll(
                new JobRoutes(parts.submissions(), parts.jobForm(), parts.webhooks(), parts.clock()).operations(door));
        all.addAll(new EventLogs(parts.sandboxes()).operations(door));
        all.addAll(new TemplateRoutes(templates, parts.host(), limits).operations(door));
        all.addAll(new TeamRoutes(parts.host()).operations(door));
        all.addAll(new KeyRoutes(parts.tenants(), parts.keys()).operations(door));
        all.addAll(new TenantRoutes(parts.tenants(), parts.keys(), parts.sandboxes()).operations(door));
        all.addAll(new PoolRoutes(parts.pools(), parts.settings().pools(), limits).operations(door));
        all.addAll(new AuditRoutes(parts.audit(), searches).operations(door));
        all.addAll(new WhyRoutes(parts.sandboxes(), parts.audit(), parts.terms()).operations(door));
        all.addAll(new ServerRoutes(parts.health(), parts.metrics(), parts.secrets()).operations(door));
        all.addAll(NotYet.operations(door));
        all.add(door.open(
                        "GET",
                        "/openapi.json",
                        "This API as an OpenAPI document.",
                        exchange -> exchange.bytes(200, "application/json", document()))
                .answers(200, "OpenApi"));
        this.operations = List.copyOf(all);
        this.documented = Stream.concat(all.stream(), parts.others().stream()).toList();
        parts.usage().bindTo(parts.metrics());
    }

    private byte[] document() {
        String version = Optional.ofNullable(E2bApi.class.getPackage().getImplementationVersion())
                .orElse("0");
        return OpenApiDocument.of(version, documented).toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Ends what would go on for ever. */
    public void drain() {
        eventStream.drain();
    }

    public List<Operation> operations() {
        return operations;
    }

    public List<Route> routes() {
        return operations.stream().map(Operation::route).toList();
    }

    /** Answers everything, errors included. */
    public Handler handler() {
        return new E2bErrors(new Routes(routes()));
    }
}
