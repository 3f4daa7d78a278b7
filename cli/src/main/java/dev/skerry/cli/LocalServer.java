package dev.skerry.cli;

import dev.skerry.host.agent.LocalAgent;
import dev.skerry.host.drivers.Driver;
import dev.skerry.host.drivers.Drivers;
import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.server.Server;
import dev.skerry.server.backup.Replacement;
import dev.skerry.server.logging.LogLines;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.hosts.HostId;
import dev.skerry.wire.hosts.HostSource;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/** The server and this machine as its host, in this process. */
final class LocalServer implements RunningServer {
    private static final HostId HOST = new HostId("local");

    private final ServerSettings settings;
    /** Empty where the server opens it, while it has the lease. */
    private final Optional<LocalAgent> host;

    private final Server server;
    private final CountDownLatch drained = new CountDownLatch(1);

    private LocalServer(ServerSettings settings, Optional<LocalAgent> host, Server server) {
        this.settings = settings;
        this.host = host;
        this.server = server;
    }

    /** @param log where the lines go that a server logs */
    record Opener(PrintStream log) implements Context.ServerOpener {
        @Override
        public RunningServer open(ServerSettings settings) throws InterruptedException {
            EngineSettings engine = engine(settings);
            return LocalServer.open(settings, engine, fitting(settings, engine), log);
        }

        @Override
        public void check(ServerSettings settings) {
            Drivers _ = fitting(settings, engine(settings));
        }

        private static EngineSettings engine(ServerSettings settings) {
            return EngineSettings.installed(settings.data())
                    .with(settings.sandboxes().launcher());
        }

        private static Drivers fitting(ServerSettings settings, EngineSettings engine) {
            Drivers drivers = Drivers.detect(engine.guestd(), engine.launcher());
            DemandedLevels.of(settings)
                    .require(drivers.available().stream().map(Driver::level).toList());
            return drivers;
        }
    }

    private static RunningServer open(ServerSettings settings, EngineSettings engine, Drivers drivers, PrintStream log)
            throws InterruptedException {
        // Before the host looks which instance this is.
        boolean _ = Replacement.finish(settings.data());
        LogLines.install(log);
        if (settings.database().postgres().isPresent()) {
            HostSource shared = new SharedHost(engine, drivers);
            return new LocalServer(settings, Optional.empty(), Server.open(settings, shared, InstantSource.system()));
        }
        LocalAgent host = LocalAgent.open(engine, HOST, drivers);
        try {
            return new LocalServer(settings, Optional.of(host), Server.open(settings, host, InstantSource.system()));
        } catch (RuntimeException | Error | InterruptedException e) {
            host.close();
            throw e;
        }
    }

    /**
     * This machine's host of a data folder, which is not opened before its server has the lease of it. What can be
     * found out before is known then: the clients of the server before wait.
     */
    private record SharedHost(EngineSettings settings, Drivers drivers) implements HostSource {
        /** In a database there may be hosts of many machines, in time. */
        @Override
        public HostId id() {
            return new HostId("local-" + Engine.instanceOf(settings.dataFolder()));
        }

        @Override
        public HostAgent open(long epoch) throws InterruptedException {
            return LocalAgent.open(settings, id(), drivers, epoch);
        }
    }

    @Override
    public Facts facts() {
        var authority = server.authority();
        return new Facts(
                server.api(),
                server.piston(),
                server.domain(),
                authority.certificateFile().toAbsolutePath(),
                authority.bundleFile().toAbsolutePath());
    }

    @Override
    public boolean accepts(String key) {
        return server.accepts(key);
    }

    @Override
    public String mintKey(String name) {
        return server.mintKey(name);
    }

    /** Clients look up names that nobody registered; not every machine answers for those below localhost. */
    @Override
    public List<String> lines() {
        String name = "3000-example." + settings.domainName();
        try {
            InetAddress.getByName(name);
            return List.of();
        } catch (UnknownHostException e) {
            String remedy = name.endsWith(".localhost")
                    ? "apt-get install libnss-myhostname"
                    : "make a DNS record for *." + settings.domainName();
            return List.of("this machine does not know names like " + name
                    + ", so sandboxes' ports cannot be reached by" + " name from here; remedy: " + remedy);
        }
    }

    @Override
    public void drain() throws InterruptedException {
        try {
            server.drain();
        } finally {
            drained.countDown();
        }
    }

    @Override
    public void awaitEnd() throws InterruptedException {
        drained.await();
    }

    @Override
    public void close() {
        try {
            server.close();
        } finally {
            host.ifPresent(LocalAgent::close);
        }
    }
}
