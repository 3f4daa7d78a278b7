package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.AbstractHTTP2ServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens and gives each request to one handler, on a virtual thread of its own. HTTP/1.1 and HTTP/2 on every listener:
 * by ALPN over TLS, by prior knowledge or upgrade without. A listener on 127.0.0.1 listens on ::1 too where the machine
 * has it, because names that end in localhost lead there first.
 */
public final class HttpServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    private static final Duration INTERRUPTED_BOUND = Duration.ofSeconds(3);
    private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost");
    private static final int JETTYS_CHOICE = -1;
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

    /** Of each listener. Jetty would have one on two processors, which then is all that the gateway has of them. */
    private static final int SELECTORS = Math.clamp(PROCESSORS / 2, Math.min(2, PROCESSORS), 12);

    private static final int THREADS_MAX = 200;
    private static final int THREADS_MIN = 4;
    private static final String LOOPBACK_V6 = "::1";

    private final Server server;
    private final Entry entry;
    private final Onward onward;
    private final ConnectionBound perAddress;
    private final List<ServerConnector> connectors = new ArrayList<>();
    private final List<ServerConnector> twins = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();

    private HttpServer(Handler root, HttpBounds bounds) {
        // Threads that wait for sockets are of the platform: one that is virtual goes a long way round to do so.
        QueuedThreadPool threads = new QueuedThreadPool(THREADS_MAX, THREADS_MIN);
        threads.setName("http");
        threads.setDaemon(true);
        this.onward = new Onward(threads);
        threads.setVirtualThreadsExecutor(onward.getVirtualThreadsExecutor());
        this.server = new Server(threads);
        this.entry = new Entry(root, bounds, onward);
        server.setStopTimeout(0);
        server.setErrorHandler(new PlainErrors());
        server.setHandler(entry);
        this.perAddress = new ConnectionBound(bounds.connectionsPerAddress());
        server.addBean(new NetworkConnectionLimit(bounds.connections(), server));
    }

    /** @param root answers everything; what it throws before it has answered, it has translated itself */
    public static HttpServer open(List<Listener> listeners, Handler root) {
        return open(listeners, root, HttpBounds.DEFAULT);
    }

    /** @throws Failure {@code CONFLICT} when an address cannot be listened on; names it */
    public static HttpServer open(List<Listener> listeners, Handler root, HttpBounds bounds) {
        HttpServer opened = new HttpServer(root, bounds);
        try {
            for (Listener listener : listeners) {
                opened.listen(listener, bounds);
            }
            opened.server.start();
        } catch (Failure e) {
            opened.close();
            throw e;
        } catch (Exception e) {
            opened.close();
            throw new Failure(ErrorCode.CONFLICT, "the HTTP server cannot start: " + e.getMessage(), e);
        }
        return opened;
    }

    /** Takes the port at once, before anything of the server runs. */
    private void listen(Listener listener, HttpBounds bounds) {
        ServerConnector connector = connector(listener, bounds);
        try {
            connector.open();
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "cannot listen on " + new Listener.Address(listener.host(), listener.port()) + ": " + words(e),
                    words(e).contains("in use")
                            ? "another program has the port: name a free one"
                            : "name an address of this machine, and a port that you may use",
                    e);
        }
        connectors.add(connector);
        ports.add(connector.getLocalPort());
        server.addConnector(connector);
        if (LOOPBACK.contains(listener.host()) && hasLoopbackV6()) {
            twin(new Listener(LOOPBACK_V6, connector.getLocalPort(), listener.tls()), bounds);
        }
    }

    /** Jetty wraps what the system said. */
    private static String words(IOException e) {
        return e.getCause() == null
                ? String.valueOf(e.getMessage())
                : String.valueOf(e.getCause().getMessage());
    }

    private void twin(Listener listener, HttpBounds bounds) {
        ServerConnector connector = connector(listener, bounds);
        try {
            connector.open();
            twins.add(connector);
            server.addConnector(connector);
        } catch (IOException e) {
            LOG.atWarn()
                    .addKeyValue("address", "[::1]:" + listener.port())
                    .addKeyValue("cause", words(e))
                    .log("cannot listen on the IPv6 loopback too: clients that try it first need another moment");
        }
    }

    private static boolean hasLoopbackV6() {
        try {
            return NetworkInterface.getByInetAddress(InetAddress.ofLiteral(LOOPBACK_V6)) != null;
        } catch (SocketException e) {
            return false;
        }
    }

    private ServerConnector connector(Listener listener, HttpBounds bounds) {
        HttpConfiguration configuration = configuration(bounds);
        PatientConnection.Factory one = new PatientConnection.Factory(configuration, bounds);
        ServerConnector connector;
        if (listener.tls().isPresent()) {
            configuration.addCustomizer(new SecureRequestCustomizer(false));
            SslContextFactory.Server tls = new SslContextFactory.Server();
            tls.setSslContext(listener.tls().get());
            tls.setIncludeProtocols("TLSv1.3", "TLSv1.2");
            ALPNServerConnectionFactory choice = new ALPNServerConnectionFactory();
            choice.setDefaultProtocol(one.getProtocol());
            connector = connector(
                    new SslConnectionFactory(tls, choice.getProtocol()),
                    choice,
                    bounded(new HTTP2ServerConnectionFactory(configuration), bounds),
                    one);
        } else {
            connector = connector(one, bounded(new HTTP2CServerConnectionFactory(configuration), bounds));
        }
        connector.addBean(perAddress);
        connector.setHost(listener.host());
        connector.setPort(listener.port());
        connector.setIdleTimeout(bounds.idle().toMillis());
        return connector;
    }

    private ServerConnector connector(ConnectionFactory... factories) {
        return new ServerConnector(server, onward, null, null, JETTYS_CHOICE, SELECTORS, factories) {
            @Override
            protected SocketChannelEndPoint newEndPoint(
                    SocketChannel socket, ManagedSelector selector, SelectionKey key) {
                SocketChannelEndPoint client = new ClientEndPoint(socket, selector, key, getScheduler(), getExecutor());
                client.setIdleTimeout(getIdleTimeout());
                return client;
            }
        };
    }

    private static HttpConfiguration configuration(HttpBounds bounds) {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setSendDateHeader(true);
        configuration.setRequestHeaderSize(bounds.headerBytes());
        configuration.setResponseHeaderSize(bounds.headerBytes());
        configuration.setMaxResponseHeaderSize(4 * bounds.headerBytes());
        configuration.setUriCompliance(UriCompliance.UNSAFE); // Routes and the gateway cut the raw path themselves
        configuration.setIdleTimeout(bounds.quiet().toMillis());
        return configuration;
    }

    private static AbstractHTTP2ServerConnectionFactory bounded(
            AbstractHTTP2ServerConnectionFactory factory, HttpBounds bounds) {
        factory.setMaxConcurrentStreams(bounds.streams());
        factory.setStreamIdleTimeout(bounds.quiet().toMillis());
        // Clients that want a WebSocket then open an HTTP/1.1 connection for it.
        factory.setConnectProtocolEnabled(false);
        return factory;
    }

    /** In the order of the listeners. */
    public List<Integer> ports() {
        return List.copyOf(ports);
    }

    /** How many requests are under way. */
    public int requests() {
        return entry.size();
    }

    /** Those of them that have a thread. */
    public int threads() {
        return entry.threads();
    }

    /** Takes no new connections; those that are open go on. */
    public void stopAccepting() {
        connectors.forEach(ServerConnector::close);
        twins.forEach(ServerConnector::close);
    }

    /** Takes no new connections, waits for the requests under way, and interrupts those that are not done by then. */
    public void drain(Duration bound) throws InterruptedException {
        stopAccepting();
        if (!entry.awaitNone(bound)) {
            entry.interruptAll();
            entry.awaitNone(INTERRUPTED_BOUND);
        }
    }

    /** Breaks what is still open. */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            LOG.atWarn().setCause(e).log("the HTTP server did not stop in order");
        }
        connectors.forEach(ServerConnector::close);
        twins.forEach(ServerConnector::close);
        entry.interruptAll();
        try {
            if (!entry.awaitNone(INTERRUPTED_BOUND)) {
                LOG.atWarn().addKeyValue("requests", entry.size()).log("requests did not end with the HTTP server");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
