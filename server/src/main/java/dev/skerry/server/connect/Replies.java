package dev.skerry.server.connect;

import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The messages of a streamed answer, each sent at once. For one thread. */
public final class Replies {
    private final Exchange exchange;
    private final Codec codec;
    private @Nullable OutputStream out;

    Replies(Exchange exchange, Codec codec) {
        this.exchange = exchange;
        this.codec = codec;
    }

    /** @throws IOException the client has gone */
    public void send(Message message) throws IOException {
        begun().write(Envelopes.write(0, codec.encode(message)));
    }

    void end(Optional<RpcError> error) throws IOException {
        Map<String, Object> end = new LinkedHashMap<>();
        error.ifPresent(given -> end.put("error", ConnectServer.described(given)));
        try (OutputStream ended = begun()) {
            ended.write(Envelopes.write(Envelopes.END, Exchange.JSON.writeValueAsBytes(end)));
        }
    }

    private OutputStream begun() {
        OutputStream begun = out;
        if (begun == null) {
            begun = exchange.stream(200, codec.mediaType(true));
            out = begun;
        }
        return begun;
    }
}
