package dev.skerry.server;

import dev.skerry.server.database.Database;
import dev.skerry.server.gateway.GatewayBounds;
import dev.skerry.server.gateway.Relay;
import dev.skerry.server.gateway.RelaySeal;
import dev.skerry.server.leases.HolderCache;
import dev.skerry.server.leases.Lease;
import dev.skerry.server.leases.LeaseKeeper;
import dev.skerry.server.leases.LeaseTable;
import dev.skerry.server.leases.Leases;
import dev.skerry.server.leases.Term;
import dev.skerry.server.leases.TermHost;
import dev.skerry.server.webhooks.Deliverer;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostSource;
import java.net.URI;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** How a server shares its database with others: who has the host, and what it does then. */
final class Sharing {
    private static final String DELIVERIES = "webhooks";
    private static final long OPENING_POLL_MILLIS = 50;

    private final Serving.Parts server;
    private final HostSource hosts;
    private final String lease;
    private final String self = UUID.randomUUID().toString();
    private final LeaseTable leases;
    private final Relay relay;
    private final Reception reception;

    /** @throws Failure {@code INVALID_REQUEST} when the database has the sandboxes of another host */
    Sharing(Serving.Parts server, HostSource hosts, RelaySeal seal) {
        this.server = server;
        this.hosts = hosts;
        this.lease = "host:" + hosts.id();
        claim(server.database(), hosts.id().text());
        this.leases = new Leases(server.database());
        HolderCache owner = new HolderCache(leases, lease, self);
        this.relay = new Relay(server.settings().domain(), owner::address, seal, GatewayBounds.DEFAULT);
        this.reception = new Reception(relay, seal);
    }

    /** A server knows one host; one that had another would say of its sandboxes that they do not exist. */
    private static void claim(Database database, String host) {
        String owner = database.writer().inTransaction(handle -> {
            handle.execute(
                    "INSERT INTO common_facts (name, value) VALUES ('host', ?) ON CONFLICT (name) DO NOTHING", host);
            return handle.createQuery("SELECT value FROM common_facts WHERE name = 'host'")
                    .mapTo(String.class)
                    .one();
        });
        if (!owner.equals(host)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the database has the sandboxes of host " + owner + ", and this is " + host,
                    "servers that share a database share a data folder too; name that one, or another database");
        }
    }

    Relay relay() {
        return relay;
    }

    Reception reception() {
        return reception;
    }

    /** @param origin where other servers reach this one */
    LeaseKeeper keeper(URI origin) {
        LeaseTable.Candidate candidate = new LeaseTable.Candidate(self, origin);
        return new LeaseKeeper(leases, lease, candidate, LeaseKeeper.Timing.DEFAULT, term -> serve(term, origin));
    }

    /** One of the servers delivers; it need not be the one that has the host. */
    LeaseKeeper delivering(URI origin, Deliverer deliverer) {
        LeaseTable.Candidate candidate = new LeaseTable.Candidate(self, origin);
        return new LeaseKeeper(leases, DELIVERIES, candidate, LeaseKeeper.Timing.DEFAULT, _ -> {
            deliverer.start();
            return deliverer;
        });
    }

    private AutoCloseable serve(Term term, URI origin) throws InterruptedException {
        HostAgent host = openHost(term);
        Lease given = term.lease();
        Serving serving;
        try {
            server.terms()
                    .begin(host.id(), given, origin.toString(), server.clock().instant());
            serving = Serving.open(server, new TermHost(host, term), term.fence(), given.fence());
        } catch (RuntimeException | Error e) {
            hosts.letGo(host);
            throw e;
        }
        reception.begin(term, serving);
        return () -> {
            reception.end();
            try (serving) {
                serving.drain();
            } finally {
                hosts.letGo(host);
            }
        };
    }

    /** Whoever had it before may not have let go of it yet. */
    private HostAgent openHost(Term term) throws InterruptedException {
        while (true) {
            try {
                return hosts.open(term.lease().fence());
            } catch (Failure e) {
                if (e.code() != ErrorCode.CONFLICT || !term.holds()) {
                    throw e;
                }
            }
            TimeUnit.MILLISECONDS.sleep(OPENING_POLL_MILLIS);
        }
    }
}
