package dev.skerry.cli;

import dev.skerry.host.agent.LocalAgent;
import dev.skerry.host.engine.EngineSettings;
import dev.skerry.server.Server;
import dev.skerry.server.logging.LogLines;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.wire.hosts.HostId;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** The server and this machine as its host, in this process. */
final class LocalServer implements RunningServer {
    private static final HostId HOST = new HostId("local");

    private final ServerSettings settings;
    private final LocalAgent host;
    private final Server server;
    private final CountDownLatch drained = new CountDownLatch(1);

    private LocalServer(ServerSettings settings, LocalAgent host, Server server) {
        this.settings = settings;
        this.host = host;
        this.server = server;
    }

    static RunningServer open(ServerSettings settings, PrintStream log) throws InterruptedException {
        LogLines.install(log);
        LocalAgent host = LocalAgent.open(EngineSettings.installed(settings.data()), HOST);
        try {
            return new LocalServer(settings, host, Server.open(settings, host, InstantSource.system()));
        } catch (RuntimeException | Error e) {
            host.close();
            throw e;
        }
    }

    @Override
    public Facts facts() {
        var authority = server.authority();
        return new Facts(
                server.api(),
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
        try (host) {
            server.close();
        }
    }
}
