package dev.skerry.server.gateway;

import dev.skerry.server.guests.BareGuest;
import dev.skerry.server.http.HttpServer;
import dev.skerry.server.http.Listener;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.sandboxes.LiveSandboxes;
import dev.skerry.server.sandboxes.Sandbox;
import dev.skerry.server.sandboxes.SandboxState;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.server.tls.CertificateAuthority;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.stream.Loopback;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.http.HttpClient;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** A front door with one sandbox behind it, on free ports: {@code http} and {@code https} of 127.0.0.1. */
final class Doorway implements AutoCloseable {
    static final String DOMAIN = "sbx.localhost:8443";
    private static final int SOCKET_MILLIS = 20_000;

    final BareGuest guest;
    final SandboxTokens tokens = new SandboxTokens(TestSecrets.ONE);
    final AtomicInteger reached = new AtomicInteger();
    final HttpServer server;
    final Gateway gateway;
    private final CertificateAuthority authority;
    private volatile LiveSandbox live;
    private volatile Optional<SandboxState> state = Optional.empty();

    /** How programs are reached. */
    enum Way {
        SOCKET,
        STREAM
    }

    Doorway(Path folder) throws IOException {
        this(folder, Way.SOCKET);
    }

    Doorway(Path folder, Way way) throws IOException {
        this(folder, way, GatewayBounds.DEFAULT, Map.of(), new RateLimits(RateLimits.NONE, InstantSource.system()));
    }

    Doorway(Path folder, GatewayBounds bounds, Map<Integer, SandboxService> services) throws IOException {
        this(folder, Way.SOCKET, bounds, services, new RateLimits(RateLimits.NONE, InstantSource.system()));
    }

    Doorway(Path folder, GatewayBounds bounds, Map<Integer, SandboxService> services, RateLimits limits)
            throws IOException {
        this(folder, Way.SOCKET, bounds, services, limits);
    }

    private Doorway(
            Path folder, Way way, GatewayBounds bounds, Map<Integer, SandboxService> services, RateLimits limits)
            throws IOException {
        guest = BareGuest.start(
                folder,
                way == Way.STREAM ? Loopback.NONE : () -> Optional.of(SocketChannel.open(StandardProtocolFamily.INET)));
        live = guest.live(true, true, Map.of());
        gateway = new Gateway(new One(), tokens, services, bounds, limits);
        authority = CertificateAuthority.open(folder, "sbx.localhost", InstantSource.system());
        FrontDoor door =
                new FrontDoor(DOMAIN, Set.of("box.example"), exchange -> exchange.text(200, "the API"), gateway);
        server = HttpServer.open(
                List.of(
                        Listener.plain(Listener.Address.parse("127.0.0.1:0")),
                        Listener.secure(Listener.Address.parse("127.0.0.1:0"), authority.context())),
                door);
    }

    /** Knows the one sandbox. */
    private final class One implements LiveSandboxes {
        @Override
        public LiveSandbox reach(SandboxId id) {
            reached.incrementAndGet();
            if (find(id).map(found -> found.state() instanceof SandboxState.Running)
                    .orElse(false)) {
                return live;
            }
            throw new Failure(ErrorCode.NOT_FOUND, "no such sandbox");
        }

        @Override
        public Optional<LiveSandbox> running(SandboxId id) {
            return find(id).filter(found -> found.state() instanceof SandboxState.Running)
                    .map(_ -> live);
        }

        @Override
        public Optional<Sandbox> find(SandboxId id) {
            return Optional.of(live.sandbox())
                    .filter(sandbox -> sandbox.id().equals(id))
                    .map(sandbox -> state.map(other -> with(sandbox, other)).orElse(sandbox));
        }

        private Sandbox with(Sandbox sandbox, SandboxState other) {
            return new Sandbox(
                    sandbox.id(),
                    sandbox.tenant(),
                    sandbox.revision(),
                    sandbox.generation(),
                    sandbox.config(),
                    sandbox.createdAt(),
                    sandbox.endsAt(),
                    other,
                    sandbox.why());
        }
    }

    /** Its ports need a token from now on. */
    void closePorts() {
        live = guest.live(true, false, Map.of());
    }

    /** As after a cold start: the same sandbox, another life. */
    void livesAnew(BareGuest next) {
        live = new LiveSandbox(live.sandbox(), next.connection(), next.streams(), live.usage());
    }

    void becomes(SandboxState other) {
        state = Optional.of(other);
    }

    SandboxId id() {
        return guest.id();
    }

    int plain() {
        return server.ports().get(0);
    }

    int secure() {
        return server.ports().get(1);
    }

    String host(int port) {
        return port + "-" + id() + "." + DOMAIN;
    }

    /** A client that trusts the authority and no other. */
    HttpClient client() throws IOException, GeneralSecurityException {
        return HttpClient.newBuilder()
                .sslContext(trusting(authority.certificateFile()))
                .connectTimeout(Duration.ofSeconds(10))
                .build();
    }

    static SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(file)) {
            store.setCertificateEntry(
                    "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), plain());
        socket.setSoTimeout(SOCKET_MILLIS);
        socket.setTcpNoDelay(true);
        return socket;
    }

    /** Sends these bytes on a connection of their own, and returns all that comes until it is closed. */
    String raw(String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(Program.bytes(request));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    /** A GET of a port by its name, with further header lines that each end with CR LF. */
    String get(int port, String path, String lines) throws IOException {
        return raw("GET " + path + " HTTP/1.1\r\nHost: " + host(port) + "\r\nConnection: close\r\n" + lines + "\r\n");
    }

    /** A client has its answer a moment before the connection behind it is kept for the next. */
    void awaitNoRequests() {
        await(() -> guest.streams().size() == 0);
    }

    static void await(BooleanSupplier condition) {
        long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("it did not happen within 20 s");
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Override
    public void close() {
        server.close();
        gateway.close();
        guest.close();
    }
}
