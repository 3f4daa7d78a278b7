package dev.skerry.server.connect;

import com.google.protobuf.Descriptors.Descriptor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** The messages of a streamed request. For one thread. */
public final class Requests {
    private final InputStream in;
    private final Codec codec;
    private final Descriptor type;

    Requests(InputStream in, Codec codec, Descriptor type) {
        this.in = in;
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
        return Envelopes.read(in).map(content -> codec.decode(content, type));
    }
}
