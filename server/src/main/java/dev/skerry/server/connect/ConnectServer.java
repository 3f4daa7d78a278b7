package dev.skerry.server.connect;

import com.google.protobuf.Descriptors.MethodDescriptor;
import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers calls. A {@link Failure} {@code SANDBOX_GONE} of a method is thrown on, so that the client sees a broken
 * answer or whatever the gateway says; every other one becomes the error that it means. What a method does not expect
 * is logged and told as {@code internal}. Immutable.
 *
 * @param <C> what methods know of their caller
 */
public final class ConnectServer<C> {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectServer.class);

    /** One message, one answer. */
    @FunctionalInterface
    public interface Unary<C> {
        Message answer(C caller, Message request) throws IOException, InterruptedException;
    }

    /** One message, any number of answers. */
    @FunctionalInterface
    public interface ServerStream<C> {
        void answer(C caller, Message request, Replies replies) throws IOException, InterruptedException;
    }

    /** Any number of messages, one answer. */
    @FunctionalInterface
    public interface ClientStream<C> {
        Message answer(C caller, Requests requests) throws IOException, InterruptedException;
    }

    @FunctionalInterface
    private interface Answerer<C> {
        void answer(C caller, Requests requests, Replies replies) throws IOException, InterruptedException;
    }

    private record Method<C>(MethodDescriptor descriptor, Optional<Unary<C>> unary, Answerer<C> streamed) {}

    private final Map<String, Method<C>> methods;

    private ConnectServer(Map<String, Method<C>> methods) {
        this.methods = Map.copyOf(methods);
    }

    /** Collects methods. Their kinds must be those of the schema. */
    public static final class Builder<C> {
        private final Map<String, Method<C>> methods = new HashMap<>();

        /** @param path as in {@code /process.Process/List} */
        public Builder<C> unary(Schema schema, String path, Unary<C> method) {
            return add(schema, path, false, false, Optional.of(method), (caller, requests, replies) -> {
                throw new IllegalStateException("not streamed");
            });
        }

        public Builder<C> serverStream(Schema schema, String path, ServerStream<C> method) {
            return add(schema, path, false, true, Optional.empty(), (caller, requests, replies) -> {
                Message request = requests.next()
                        .orElseThrow(() -> new RpcError(Code.INVALID_ARGUMENT, "the request has no message"));
                method.answer(caller, request, replies);
            });
        }

        public Builder<C> clientStream(Schema schema, String path, ClientStream<C> method) {
            return add(
                    schema,
                    path,
                    true,
                    false,
                    Optional.empty(),
                    (caller, requests, replies) -> replies.send(method.answer(caller, requests)));
        }

        private Builder<C> add(
                Schema schema, String path, boolean in, boolean out, Optional<Unary<C>> unary, Answerer<C> streamed) {
            MethodDescriptor descriptor = schema.methods().get(path);
            if (descriptor == null || descriptor.isClientStreaming() != in || descriptor.isServerStreaming() != out) {
                throw new IllegalArgumentException("the schema has no such method: " + path);
            }
            methods.put(path, new Method<>(descriptor, unary, streamed));
            return this;
        }

        public ConnectServer<C> build() {
            return new ConnectServer<>(methods);
        }
    }

    /**
     * @param callers may throw {@link RpcError} or {@link Failure}, answered as those of methods
     * @throws IOException the client has gone
     */
    public void handle(Exchange exchange, Function<Call, C> callers) throws IOException, InterruptedException {
        Method<C> method = methods.get(exchange.rawPath());
        if (method == null) {
            fail(exchange, 404, new RpcError(Code.UNIMPLEMENTED, "there is no method " + exchange.rawPath()));
            return;
        }
        if (!exchange.method().equals("POST")) {
            exchange.set("Allow", "POST").empty(405);
            return;
        }
        boolean streaming = method.unary.isEmpty();
        Optional<Codec> codec = Codec.of(exchange.header("Content-Type").orElse(""), streaming);
        if (codec.isEmpty()) {
            exchange.set("Accept-Post", Codec.accepted(streaming)).empty(415);
        } else if (streaming) {
            stream(exchange, method, codec.get(), callers);
        } else {
            unary(exchange, method, codec.get(), callers);
        }
    }

    private void unary(Exchange exchange, Method<C> method, Codec codec, Function<Call, C> callers)
            throws IOException, InterruptedException {
        Message answer;
        try {
            refuseCompression(exchange, "Content-Encoding");
            C caller = callers.apply(Call.of(exchange));
            byte[] content = exchange.take(Envelopes.MESSAGE_BYTES_MAX + 1);
            if (content.length > Envelopes.MESSAGE_BYTES_MAX) {
                throw new RpcError(Code.RESOURCE_EXHAUSTED, Envelopes.tooLong(content.length));
            }
            Message request = codec.decode(content, method.descriptor.getInputType());
            answer = method.unary.orElseThrow().answer(caller, request);
        } catch (RuntimeException e) {
            RpcError error = translated(e, exchange);
            fail(exchange, error.code().status(), error);
            return;
        }
        exchange.bytes(200, codec.mediaType(false), codec.encode(answer));
    }

    private void stream(Exchange exchange, Method<C> method, Codec codec, Function<Call, C> callers)
            throws IOException, InterruptedException {
        Replies replies = new Replies(exchange, codec);
        try {
            refuseCompression(exchange, "Connect-Content-Encoding");
            C caller = callers.apply(Call.of(exchange));
            method.streamed.answer(caller, new Requests(exchange, codec, method.descriptor.getInputType()), replies);
        } catch (RuntimeException e) {
            replies.end(Optional.of(translated(e, exchange)));
            return;
        }
        replies.end(Optional.empty());
    }

    private static void refuseCompression(Exchange exchange, String header) {
        String encoding = exchange.header(header).orElse("identity");
        if (!encoding.equalsIgnoreCase("identity")) {
            throw new RpcError(
                    Code.UNIMPLEMENTED, header + " '" + encoding + "': this server has no compression, use identity");
        }
    }

    private static RpcError translated(RuntimeException thrown, Exchange exchange) {
        return switch (thrown) {
            case RpcError error -> error;
            case Failure failure when failure.code() == ErrorCode.SANDBOX_GONE -> throw failure;
            case Failure failure when failure.code() != ErrorCode.INTERNAL -> RpcError.of(failure);
            default -> {
                LOG.atError()
                        .setCause(thrown)
                        .addArgument(exchange::rawPath)
                        .addArgument(exchange::requestId)
                        .log("{} failed, request {}");
                yield new RpcError(Code.INTERNAL, "the server made a mistake, request " + exchange.requestId());
            }
        };
    }

    private static void fail(Exchange exchange, int status, RpcError error) throws IOException {
        exchange.json(status, described(error));
    }

    static Map<String, Object> described(RpcError error) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("code", error.code().text());
        described.put("message", Optional.ofNullable(error.getMessage()).orElse(""));
        return described;
    }
}
