package dev.skerry.server;

import dev.skerry.server.database.Database;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.jobs.Refusals;
import dev.skerry.server.leases.HostTerms;
import dev.skerry.server.operations.Health;
import dev.skerry.server.operations.ServerMetrics;
import dev.skerry.server.operations.Vitals;
import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.Tally;
import dev.skerry.server.tenants.AuditLog;
import dev.skerry.server.tls.CertificateAuthority;
import dev.skerry.server.webhooks.Deliverer;
import dev.skerry.server.webhooks.Webhooks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/** Which parts of a server its metrics look at. */
final class Measures {
    private static final String GIVEN_UP = "skerry.webhooks.given.up";
    private static final String LAG = "skerry.webhooks.lag.seconds";

    private final ServerMetrics metrics;
    private final Supplier<Optional<Serving>> serving;

    Measures(ServerMetrics metrics, Supplier<Optional<Serving>> serving) {
        this.metrics = metrics;
        this.serving = serving;
    }

    private void gauge(String name, String description, ToLongFunction<Serving> value) {
        metrics.gauge(name, description, () -> ofServing(value));
    }

    /** Without a host there is nothing. */
    private long ofServing(ToLongFunction<Serving> value) {
        return serving.get().map(value::applyAsLong).orElse(0L);
    }

    void sandboxes(int runningMax) {
        gauge("skerry_sandboxes_running", "Sandboxes that run now.", Serving::running);
        metrics.gauge("skerry.sandboxes.limit", "Sandboxes that may run at a time.", () -> runningMax);
        gauge(
                "skerry.sandboxes.overdue",
                "Sandboxes that something should have been done to by now.",
                one -> one.sandboxes().overdue());
        gauge(
                "skerry.sandboxes.retrying",
                "Sandboxes whose host has not done yet what it was told.",
                one -> one.sandboxes().retrying());
        metrics.tenants(() -> serving.get().map(Serving::useByTenant).orElse(Map.of()));
        for (Cause cause : Cause.values()) {
            metrics.counter(
                    "skerry.sandboxes.ended",
                    "Sandboxes that ended, by cause.",
                    () -> ofServing(one -> one.sandboxes().tally().endedBy(cause)),
                    "cause",
                    cause.label());
        }
        started("warm", Tally::startedWarm);
        started("cold", Tally::startedCold);
        metrics.counter(
                "skerry.host.strays",
                "What was found on the host and belonged to nobody.",
                () -> ofServing(one -> one.sandboxes().tally().strays()));
        gauge(
                "skerry.host.term",
                "The number of the term in which this server has the host; 0: it has not.",
                Serving::term);
    }

    private void started(String start, ToLongFunction<Tally> count) {
        metrics.counter(
                "skerry.sandboxes.started",
                "Sandboxes that were started for the first time, by whether they were ready or made then.",
                () -> ofServing(one -> count.applyAsLong(one.sandboxes().tally())),
                "start",
                start);
    }

    void jobs() {
        gauge("skerry.jobs.waiting", "Jobs that wait for their turn.", one -> one.jobs()
                .waiting());
        gauge("skerry.jobs.running", "Jobs that run now.", one -> one.jobs().running());
        gauge("skerry.jobs.slots", "Jobs that may run at a time.", one -> one.jobs()
                .slots());
        gauge(
                "skerry.jobs.unfinished",
                "Jobs that were handed in to be run later and have not ended.",
                Serving::unfinishedJobs);
        for (Refusals.Reason reason : Refusals.Reason.values()) {
            metrics.counter(
                    "skerry.jobs.refused",
                    "Jobs that were not taken, by reason.",
                    () -> ofServing(one -> one.jobs().refusals().of(reason)),
                    "reason",
                    reason.label());
        }
    }

    void parts(HttpServer http, AuditLog audit, Deliverer deliverer, HostTerms terms) {
        metrics.counter("skerry.host.term.begins", "How often this server began to have the host.", terms::begun);
        metrics.gauge("skerry_audit_unwritten", "Entries of the audit log that are in the log only.", audit::unwritten);
        metrics.gauge("skerry.audit.waiting", "Entries that are not in the audit log yet.", audit::waiting);
        metrics.gauge("skerry_requests_open", "Requests under way.", http::requests);
        metrics.gauge("skerry_request_threads", "Requests under way that have a thread.", http::threads);
        metrics.counter("skerry.webhook.deliveries", "Deliveries that arrived.", deliverer::delivered);
        metrics.counter("skerry.webhook.failures", "Attempts of deliveries that failed.", deliverer::failed);
    }

    void machine(Database database, CertificateAuthority authority, Path data) {
        database.observeWrites(
                metrics.timer("skerry.database.writes", "Writes, and how long until they were on disk.")::record);
        metrics.gauge("skerry.disk.free.bytes", "Free on the disk of the data folder.", () -> disk(data, true));
        metrics.gauge("skerry.disk.size.bytes", "Size of the disk of the data folder.", () -> disk(data, false));
        metrics.gauge(
                "skerry.certificate.expires.seconds",
                "When the server's certificate is not valid any more, since 1970.",
                () -> authority.serverCertificate().getNotAfter().toInstant().getEpochSecond());
    }

    private static double disk(Path data, boolean free) {
        try {
            var store = Files.getFileStore(data);
            return free ? store.getUsableSpace() : store.getTotalSpace();
        } catch (IOException e) {
            return Double.NaN;
        }
    }

    /** @param alone what is looked at without a host */
    Vitals vitals(Health alone, Webhooks webhooks) {
        Vitals vitals = new Vitals(
                () -> serving.get().map(Serving::health).orElse(alone),
                Map.of(GIVEN_UP, webhooks::givenUp, LAG, webhooks::lagSeconds));
        vitals.bindTo(
                metrics,
                Map.of(
                        GIVEN_UP, "Webhooks that nothing is delivered to any more.",
                        LAG, "Age of the oldest event that a webhook waits for, unless it was given up."));
        return vitals;
    }
}
