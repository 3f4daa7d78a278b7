package dev.skerry.server.connect;

import com.google.protobuf.Descriptors.Descriptor;
import dev.skerry.server.http.Exchange;
import java.io.IOException;
import java.util.Optional;

/** The messages of a streamed request. For one thread. */
public final class Requests {
    private final Exchange exchange;
    private final Codec codec;
    private final Descriptor type;

    Requests(Exchange exchange, Codec codec, Descriptor type) {
        this.exchange = exchange;
        this.codec = codec;
        this.type = type;
    }

    /**
     * Waits for the next one; empty at the end.
     *
     * @throws RpcError when it is not one
     * @throws IOException the client has gone
     */
    public Optional<Message> next() throws IOException {
        return Envelopes.read(exchange).map(content -> codec.decode(content, type));
    }
}
