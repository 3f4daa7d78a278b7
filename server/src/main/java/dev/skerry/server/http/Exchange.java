package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.server.HttpStream;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Fields;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * One request and its response, used by one virtual thread. An answer is given once, by one of {@link #empty},
 * {@link #json}, {@link #text}, {@link #bytes} or {@link #stream}. A handler that throws after it has begun its answer
 * breaks the connection (HTTP/1.1) or resets the stream (HTTP/2): the client sees no proper end. Whoever wants to break
 * off an answer from outside interrupts the handler's thread.
 */
public final class Exchange {
    public static final JsonMapper JSON = JsonMapper.builder().build();

    /** Content that is read, parsed, and turned into what is done with it. */
    private static final int COPIES = 4;

    private final Request request;
    private final Response response;
    private final String requestId;
    private final String client;
    private final Map<String, String> variables;
    private final Completion completion;
    private final RequestBody body;
    private final Held held;
    private final Optional<Origin> origin;

    /**
     * Where a request came from that another server has passed on.
     *
     * @param remote the client's address
     * @param secure whether it came over TLS
     */
    public record Origin(String remote, boolean secure) {}

    Exchange(Request request, Response response, String requestId, String client, Completion completion, Held held) {
        this.request = request;
        this.response = response;
        this.requestId = requestId;
        this.client = client;
        this.variables = Map.of();
        this.completion = completion;
        this.body = new RequestBody(request);
        this.held = held;
        this.origin = Optional.empty();
    }

    private Exchange(Exchange whole, Map<String, String> variables, Optional<Origin> origin) {
        this.request = whole.request;
        this.response = whole.response;
        this.requestId = whole.requestId;
        this.client = whole.client;
        this.variables = Map.copyOf(variables);
        this.completion = whole.completion;
        this.body = whole.body;
        this.held = whole.held;
        this.origin = origin;
    }

    Exchange with(Map<String, String> found) {
        return new Exchange(this, found, origin);
    }

    /** The same request, as one that came from there. */
    public Exchange from(Origin first) {
        return new Exchange(this, variables, Optional.of(first));
    }

    Held held() {
        return held;
    }

    RequestBody content() {
        return body;
    }

    Completion completion() {
        return completion;
    }

    /** Of HTTP/2, while it is open. */
    Optional<Stream> stream() {
        return stream(request);
    }

    static Optional<Stream> stream(Request request) {
        return request.getConnectionMetaData().getConnection() instanceof HTTP2Connection connection
                ? Optional.ofNullable(connection.getSession().getStream(Integer.parseInt(request.getId())))
                : Optional.empty();
    }

    /** In logs and in the answer, so that a user can quote it. */
    public String requestId() {
        return requestId;
    }

    public String method() {
        return request.getMethod();
    }

    /** As the client wrote it, without the query; begins with a slash. */
    public String rawPath() {
        String path = request.getHttpURI().getPath();
        return path == null || path.isEmpty() ? "/" : path;
    }

    /** Of the route's template; decoded. */
    public String variable(String name) {
        return Optional.ofNullable(variables.get(name)).orElseThrow();
    }

    public Optional<String> header(String name) {
        return Optional.ofNullable(request.getHeaders().get(name));
    }

    /** The host that was asked for, with its port if it has one. */
    public String authority() {
        return request.getHttpURI().getAuthority() == null
                ? header("Host").orElse("")
                : request.getHttpURI().getAuthority();
    }

    /** The first value of a query parameter; decoded once. */
    public Optional<String> query(String name) {
        return Optional.ofNullable(queryFields().getValue(name));
    }

    public List<String> queries(String name) {
        return queryFields().getValuesOrEmpty(name);
    }

    private Fields queryFields() {
        return Request.extractQueryParameters(request, StandardCharsets.UTF_8);
    }

    public boolean http2() {
        return request.getConnectionMetaData().getConnection() instanceof HTTP2Connection;
    }

    /** Whether it came over TLS. */
    public boolean secure() {
        return origin.map(Origin::secure).orElseGet(request::isSecure);
    }

    /** Whether the request has content, or may have: HTTP/2 says so only at its end. */
    public boolean hasBody() {
        if (request.getLength() >= 0) {
            return request.getLength() > 0;
        }
        return http2()
                ? stream().map(stream -> !stream.isRemotelyClosed()).orElse(false)
                : request.getHeaders().contains(HttpHeader.TRANSFER_ENCODING);
    }

    /**
     * Interrupts the calling thread when Jetty finds that the client has gone: at once with HTTP/2, with HTTP/1.1 when
     * something is read or written or nothing has been for a long time. Only for handlers that may be broken off
     * anywhere.
     */
    public void interruptWhenClientGone() {
        Thread thread = Thread.currentThread();
        request.addFailureListener(_ -> thread.interrupt());
    }

    /**
     * The same, and at once with HTTP/1.1 too: for handlers that only wait, once they have all of the request. A client
     * that closes only its own direction has left.
     */
    public void interruptWhenClientLeaves() {
        interruptWhenClientGone();
        Thread thread = Thread.currentThread();
        if (!http2()) {
            endPoint().ifPresent(client -> client.onLeaving(thread::interrupt));
        }
    }

    /** Who is interrupted from now on has nothing to do with this client. */
    void over() {
        endPoint().ifPresent(ClientEndPoint::answers);
    }

    /** The client's address, without port. */
    public String remote() {
        return origin.map(Origin::remote).orElse(client);
    }

    /** The request's content as it comes. */
    public InputStream body() {
        return body;
    }

    /** @throws Failure {@code LIMIT_EXCEEDED} for more bytes */
    public byte[] body(int bytesMax) throws IOException {
        byte[] content = take(bytesMax + 1);
        if (content.length > bytesMax) {
            throw new Failure(ErrorCode.LIMIT_EXCEEDED, "a request of more than " + bytesMax + " bytes");
        }
        return content;
    }

    /**
     * The next bytes of the content, fewer at its end. Counted as they come, so that who announces many and sends none
     * takes nobody's room.
     *
     * @throws Failure {@code LIMIT_EXCEEDED} when all requests together hold too much
     */
    public byte[] take(int bytes) throws IOException {
        byte[] taken = new byte[0];
        int end = Math.min(bytes, Held.FREE_BYTES);
        while (taken.length < bytes) {
            hold(end <= Held.FREE_BYTES ? 0 : (long) COPIES * end);
            int begin = taken.length;
            taken = Arrays.copyOf(taken, end);
            int count = body.readNBytes(taken, begin, end - begin);
            if (begin + count < end) {
                return Arrays.copyOf(taken, begin + count);
            }
            end = (int) Math.min(bytes, 2L * end);
        }
        return taken;
    }

    /**
     * Says that this request keeps that many bytes in memory until it is answered.
     *
     * @throws Failure {@code LIMIT_EXCEEDED} when all requests together hold too much
     */
    public void hold(long bytes) {
        held.raise(bytes);
    }

    /** Whose share is taken of what requests may keep in memory; the client's address has one until it is said. */
    public void heldFor(String owner) {
        held.owner(owner);
    }

    /** The request's content as JSON; an absent one is an empty object. {@code INVALID_REQUEST} for anything else. */
    public JsonNode json(int bytesMax) throws IOException {
        byte[] content = body(bytesMax);
        try {
            return content.length == 0 ? JSON.createObjectNode() : JSON.readTree(content);
        } catch (JacksonException e) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the request's content is not JSON" + BadJson.place(e),
                    "send one JSON object",
                    e);
        }
    }

    /** For headers of the response; before the answer. */
    public Exchange set(String header, String value) {
        response.getHeaders().put(header, value);
        return this;
    }

    public boolean answered() {
        return response.isCommitted();
    }

    public void empty(int status) throws IOException {
        response.setStatus(status);
        if (status != 204 && status != 304) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, 0L);
        }
        Content.Sink.asOutputStream(response).close();
    }

    public void json(int status, Object value) throws IOException {
        bytes(status, "application/json", JSON.writeValueAsBytes(value));
    }

    public void text(int status, String value) throws IOException {
        bytes(status, "text/plain; charset=utf-8", value.getBytes(StandardCharsets.UTF_8));
    }

    public void bytes(int status, String type, byte[] content) throws IOException {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, content.length);
        finish(content);
    }

    /** An answer of any length; every write goes out at once. Closing it ends the answer, and only that does. */
    public OutputStream stream(int status, String type) {
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        return Content.Sink.asOutputStream(response);
    }

    /** The last bytes of an answer, and its end, in one piece; after {@link #stream}, instead of closing that. */
    public void finish(byte[] content) throws IOException {
        Content.Sink.write(response, true, ByteBuffer.wrap(content));
    }

    /** Runs that, on a thread that must not be held up, when the client is seen to have gone; not all of them are. */
    public void onGone(Runnable action) {
        request.addFailureListener(_ -> action.run());
    }

    /**
     * Answers 101 with the headers that were set, which say to which protocol, and ends HTTP on this connection
     * (HTTP/1.1 only). The caller owns the tunnel, and closes it.
     */
    public Tunnel upgrade() throws IOException, InterruptedException {
        Tunnel tunnel = new Tunnel(
                request.getConnectionMetaData().getConnection().getEndPoint(),
                request.getComponents().getExecutor(),
                request.getConnectionMetaData().getHttpConfiguration().getIdleTimeout());
        request.setAttribute(HttpStream.UPGRADE_CONNECTION_ATTRIBUTE, tunnel);
        response.setStatus(HttpStatus.SWITCHING_PROTOCOLS_101);
        Content.Sink.write(response, true, BufferUtil.EMPTY_BUFFER);
        completion.succeed();
        try {
            tunnel.awaitOpen();
            return tunnel;
        } catch (InterruptedException e) {
            // The caller has nothing that it could close.
            tunnel.close();
            throw e;
        }
    }

    /** Jetty's own, for the gateway: the one that listens to this request's client. */
    public Optional<ManagedSelector> selector() {
        return endPoint().map(ClientEndPoint::selector);
    }

    private Optional<ClientEndPoint> endPoint() {
        EndPoint client = request.getConnectionMetaData().getConnection().getEndPoint();
        while (client instanceof EndPoint.Wrapper wrapper) {
            client = wrapper.unwrap(); // from what is inside TLS
        }
        return client instanceof ClientEndPoint ours ? Optional.of(ours) : Optional.empty();
    }

    /** Jetty's own, for the gateway. */
    public Request request() {
        return request;
    }

    /** Jetty's own, for the gateway. */
    public Response response() {
        return response;
    }

    /** All headers of the request, in order. */
    public List<HttpField> headers() {
        return request.getHeaders().stream().toList();
    }
}
