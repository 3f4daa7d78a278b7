package dev.skerry.wire.stream;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * Sockets in a sandbox's network, for a host that shares a kernel with it: what goes through them does not pass process
 * 1 of the sandbox. Where there are none, ports are reached by the stream.
 */
@FunctionalInterface
public interface Loopback {
    /** Of sandboxes with a network that is not the kernel's. */
    Loopback NONE = Optional::empty;

    /**
     * A fresh one of family {@link StandardProtocolFamily#INET}, which is not connected yet; nothing when this sandbox
     * has none, or has ended. Never one of another network.
     */
    Optional<SocketChannel> socket() throws IOException;
}
