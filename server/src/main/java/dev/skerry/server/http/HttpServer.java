package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.VirtualThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens and gives each request to one handler, on a virtual thread of its own. HTTP/1.1 and HTTP/2 on every listener:
 * by ALPN over TLS, by prior knowledge or upgrade without.
 */
public final class HttpServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
    private static final Duration IDLE_BOUND = Duration.ofMinutes(10);
    private static final int HEADER_BYTES_MAX = 32 << 10;

    private final Server server;
    private final List<ServerConnector> connectors;

    private HttpServer(Server server, List<ServerConnector> connectors) {
        this.server = server;
        this.connectors = List.copyOf(connectors);
    }

    /** @param root answers everything; what it throws before it has answered, it has translated itself */
    public static HttpServer open(List<Listener> listeners, Handler root) {
        Server server = new Server(new VirtualThreadPool());
        server.setStopTimeout(0);
        List<ServerConnector> connectors = new ArrayList<>();
        for (Listener listener : listeners) {
            ServerConnector connector = connector(server, listener);
            connectors.add(connector);
            server.addConnector(connector);
        }
        server.setHandler(new Entry(root));
        HttpServer opened = new HttpServer(server, connectors);
        try {
            server.start();
        } catch (Exception e) {
            opened.close();
            throw new Failure(
                    ErrorCode.CONFLICT,
                    "cannot listen: " + e.getMessage(),
                    "another program may have the port: name a free one",
                    e);
        }
        return opened;
    }

    private static ServerConnector connector(Server server, Listener listener) {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setSendDateHeader(true);
        configuration.setRequestHeaderSize(HEADER_BYTES_MAX);
        configuration.setUriCompliance(UriCompliance.UNSAFE); // Routes and the gateway cut the raw path themselves
        configuration.setIdleTimeout(IDLE_BOUND.toMillis());
        ServerConnector connector;
        if (listener.tls().isPresent()) {
            configuration.addCustomizer(new SecureRequestCustomizer(false));
            SslContextFactory.Server tls = new SslContextFactory.Server();
            tls.setSslContext(listener.tls().get());
            HttpConnectionFactory one = new HttpConnectionFactory(configuration);
            ALPNServerConnectionFactory choice = new ALPNServerConnectionFactory();
            choice.setDefaultProtocol(one.getProtocol());
            connector = new ServerConnector(
                    server,
                    new SslConnectionFactory(tls, choice.getProtocol()),
                    choice,
                    new HTTP2ServerConnectionFactory(configuration),
                    one);
        } else {
            connector = new ServerConnector(
                    server, new HttpConnectionFactory(configuration), new HTTP2CServerConnectionFactory(configuration));
        }
        connector.setHost(listener.host());
        connector.setPort(listener.port());
        connector.setIdleTimeout(IDLE_BOUND.toMillis());
        return connector;
    }

    /** In the order of the listeners. */
    public List<Integer> ports() {
        return connectors.stream().map(ServerConnector::getLocalPort).toList();
    }

    /** Takes no new connections; those that are open go on. */
    public void stopAccepting() {
        connectors.forEach(ServerConnector::close);
    }

    /** Breaks what is still open. */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            LOG.atWarn().setCause(e).log("the HTTP server did not stop in order");
        }
    }

    private static final class Entry extends org.eclipse.jetty.server.Handler.Abstract {
        private static final int REQUEST_ID_BYTES = 8;

        private final Handler root;
        private final SecureRandom random = new SecureRandom();

        Entry(Handler root) {
            this.root = root;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            byte[] id = new byte[REQUEST_ID_BYTES];
            random.nextBytes(id);
            Exchange exchange = new Exchange(request, response, HexFormat.of().formatHex(id), Map.of());
            try {
                root.handle(exchange);
                callback.succeeded();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                callback.failed(e);
            } catch (Exception | Error e) {
                callback.failed(e);
            }
            return true;
        }
    }
}
