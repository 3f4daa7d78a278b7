package dev.skerry.host.engine;

import dev.skerry.wire.stream.Loopback;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Sockets in the network of a sandbox that runs on the host's kernel. A socket belongs to the network in which it was
 * made, whoever uses it then; so a thread that is made for it enters the sandbox's network, makes one, and ends: no
 * thread comes back from there. Nothing is kept open, so an ended sandbox's network is gone with its last connection.
 */
final class SandboxLoopback implements Loopback {
    private final String pid;
    private final List<Path> procsFiles;

    /**
     * @param pid of process 1 on the host
     * @param procsFiles which name every process of the sandbox, and no other
     */
    SandboxLoopback(long pid, List<Path> procsFiles) {
        this.pid = Long.toString(pid);
        this.procsFiles = List.copyOf(procsFiles);
        open(); // What the JDK finds out at its first socket is to be found out about the host's network.
    }

    private static void open() {
        try (SocketChannel first = SocketChannel.open(StandardProtocolFamily.INET)) {
            assert first.isOpen();
        } catch (IOException e) {
            // Whoever wants one will hear.
        }
    }

    @Override
    public Optional<SocketChannel> socket() throws IOException {
        CompletableFuture<Optional<SocketChannel>> made = new CompletableFuture<>();
        Thread.ofPlatform().name("enters-" + pid).start(() -> {
            try {
                made.complete(make());
            } catch (IOException | RuntimeException | Error e) {
                made.completeExceptionally(e);
            }
        });
        try {
            return made.join(); // which nothing interrupts, and which takes no time that depends on the sandbox
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
        }
    }

    private Optional<SocketChannel> make() throws IOException {
        try (NetworkCalls.Namespace network = NetworkCalls.Namespace.open("/proc/" + pid + "/ns/net")) {
            // After it was opened: whoever has that id and is in the sandbox is its process 1, and was it then. Ids are
            // given anew only after their process has ended, and the sandbox with it.
            if (!isOfSandbox()) {
                return Optional.empty();
            }
            network.enter();
            return Optional.of(SocketChannel.open(StandardProtocolFamily.INET));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private boolean isOfSandbox() throws IOException {
        for (Path file : procsFiles) {
            if (Files.readAllLines(file).contains(pid)) {
                return true;
            }
        }
        return false;
    }
}
