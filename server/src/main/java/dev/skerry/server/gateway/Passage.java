package dev.skerry.server.gateway;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Tunnel;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;

/** One request over one connection to a program inside. */
final class Passage {
    private static final int BUFFER_BYTES = 64 << 10;
    private static final int UNKNOWN_BYTES = 16 << 10;
    private static final int INTERIM_MAX = 20;
    private static final int CONTINUE = 100;
    private static final int SWITCHING = 101;
    private static final int EARLY_HINTS = 103;

    private final Exchange exchange;
    private final Forwarding request;
    private final Upstream upstream;
    private final Watch watch;
    private final GatewayBounds bounds;

    Passage(Exchange exchange, Forwarding request, Upstream upstream, Watch watch, GatewayBounds bounds) {
        this.exchange = exchange;
        this.request = request;
        this.upstream = upstream;
        this.watch = watch;
        this.bounds = bounds;
    }

    /**
     * Returns when the answer is complete: whether the connection can carry another request.
     *
     * @throws BadAnswer of the program, before or after a part of the answer has gone on
     */
    boolean run(ScheduledExecutorService clock) throws IOException, InterruptedException {
        upstream.begin();
        return run(clock, 0, Optional.empty());
    }

    /**
     * Goes on with one that was begun.
     *
     * @param sent bytes of the request's head
     * @param known the first answer, perhaps an interim one, if it has been read
     */
    boolean run(ScheduledExecutorService clock, int sent, Optional<AnswerHead> known)
            throws IOException, InterruptedException {
        byte[] head = request.head().getBytes(StandardCharsets.ISO_8859_1);
        try {
            if (sent < head.length) {
                upstream.write(head, sent, head.length - sent);
            }
        } catch (Failure e) {
            if (e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            // It reads no more. It may have said why.
        }
        Optional<Upload> upload = request.body()
                ? Optional.of(Upload.start(exchange.body(), upstream, request, watch))
                : Optional.empty();
        try {
            AnswerHead answer = awaitAnswer(upload, known);
            watch.close();
            if (answer.status() == SWITCHING) {
                change(answer, clock);
                return false;
            }
            relay(answer);
            return answer.persistent() && upload.map(Upload::done).orElse(true);
        } catch (BadAnswer e) {
            Optional<IOException> clients = upload.flatMap(Upload::clientFailure);
            if (clients.isPresent()) {
                throw clients.get();
            }
            throw e;
        } finally {
            upload.ifPresent(Upload::close);
        }
    }

    private AnswerHead awaitAnswer(Optional<Upload> upload, Optional<AnswerHead> first)
            throws IOException, InterruptedException {
        boolean head = exchange.method().equals("HEAD");
        for (int interim = 0; interim <= INTERIM_MAX; interim++) {
            AnswerHead answer = interim == 0 && first.isPresent()
                    ? first.get()
                    : AnswerHead.read(upstream, head, bounds.answerHeaderBytes());
            if (answer.status() >= 200 || answer.status() == SWITCHING) {
                return answer;
            }
            if (answer.status() == CONTINUE) {
                upload.ifPresent(Upload::proceed);
            } else if (answer.status() == EARLY_HINTS) {
                hint(answer);
            }
        }
        throw BadAnswer.broken("more than " + INTERIM_MAX + " interim answers");
    }

    private void hint(AnswerHead answer) throws IOException, InterruptedException {
        if (exchange.request().getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_0) {
            return;
        }
        HttpFields.Mutable fields = HttpFields.build();
        Forwarding.answer(answer, fields);
        try {
            exchange.response().writeInterim(answer.status(), fields).get();
        } catch (ExecutionException e) {
            throw new IOException("the client did not take an interim answer", e);
        }
    }

    private void relay(AnswerHead answer) throws IOException {
        Response response = exchange.response();
        response.setStatus(answer.status());
        Forwarding.answer(answer, response.getHeaders());
        AnswerBody body = new AnswerBody(upstream, answer.framing(), bounds.answerHeaderBytes());
        if (answer.field("Trailer").isPresent() && answer.framing() instanceof AnswerHead.Framing.Chunked) {
            response.setTrailersSupplier(() -> {
                HttpFields.Mutable trailers = HttpFields.build();
                body.trailers().forEach(trailers::add);
                return trailers;
            });
        }
        if (!body.ended() && !upstream.hasBuffered()) {
            // Its content may take its time. That it has begun is worth knowing.
            Content.Sink.write(response, false, BufferUtil.EMPTY_BUFFER);
        }
        byte[] buffer = new byte[bufferBytes(answer.framing())];
        while (!body.ended()) {
            int count = body.read(buffer);
            if (count > 0) {
                Content.Sink.write(response, body.ended(), ByteBuffer.wrap(buffer, 0, count));
                if (body.ended()) {
                    return;
                }
            }
        }
        Content.Sink.write(response, true, BufferUtil.EMPTY_BUFFER);
    }

    /** A small answer should not cost a large buffer, nor should a large one go in small pieces. */
    private static int bufferBytes(AnswerHead.Framing framing) {
        return switch (framing) {
            case AnswerHead.Framing.None _ -> 0;
            case AnswerHead.Framing.Length length -> (int) Math.min(BUFFER_BYTES, length.bytes());
            case AnswerHead.Framing.Chunked _, AnswerHead.Framing.Rest _ -> UNKNOWN_BYTES;
        };
    }

    private void change(AnswerHead answer, ScheduledExecutorService clock) throws IOException, InterruptedException {
        Optional<String> protocol = answer.field("Upgrade");
        if (request.upgrade().isEmpty() || protocol.isEmpty()) {
            throw BadAnswer.broken("it changes to another protocol, which nobody has asked for");
        }
        HttpFields.Mutable fields = exchange.response().getHeaders();
        Forwarding.answer(answer, fields);
        fields.remove("Content-Length");
        fields.put("Upgrade", protocol.get());
        fields.put("Connection", "Upgrade");
        Tunnel tunnel = exchange.upgrade();
        Pump.run(tunnel, upstream, clock);
    }
}
