package dev.skerry.server.connect;

import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The messages of a streamed answer, each sent at once. For one thread. */
public final class Replies {
    private final Exchange exchange;
    private final Codec codec;
    private @Nullable OutputStream out;
    private byte[] last = {};

    Replies(Exchange exchange, Codec codec) {
        this.exchange = exchange;
        this.codec = codec;
    }

    /** @throws IOException the client has gone */
    public void send(Message message) throws IOException {
        begin().write(Envelopes.write(0, codec.encode(message)));
    }

    /** As {@link #send}, but it goes out together with the end, which has to follow at once. */
    public void sendLast(Message message) {
        last = Envelopes.write(0, codec.encode(message));
    }

    void end(Optional<RpcError> error) throws IOException {
        Map<String, Object> end = new LinkedHashMap<>();
        error.ifPresent(given -> end.put("error", ConnectServer.described(given)));
        byte[] envelope = Envelopes.write(Envelopes.END, Exchange.JSON.writeValueAsBytes(end));
        var _ = begin();
        exchange.finish(ByteBuffer.allocate(last.length + envelope.length)
                .put(last)
                .put(envelope)
                .array());
    }

    private OutputStream begin() {
        OutputStream begun = out;
        if (begun == null) {
            begun = exchange.stream(200, codec.mediaType(true));
            out = begun;
        }
        return begun;
    }
}
