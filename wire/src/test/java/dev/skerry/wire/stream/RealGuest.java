package dev.skerry.wire.stream;

import dev.skerry.wire.Frame;
import dev.skerry.wire.ProtocolViolation;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The real guestd as a child process: over pipes, or behind a socket with a relay of whole frames that outlives its
 * controllers.
 */
final class RealGuest implements AutoCloseable {
    static final Duration SOON = Duration.ofSeconds(20);

    private final Process process;
    private final ShimSocket shim = new ShimSocket();
    private final BlockingQueue<SocketChannel> controllers = new ArrayBlockingQueue<>(4);
    private boolean relaying;

    RealGuest() throws IOException {
        process = new ProcessBuilder(program().toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static Path program() {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(root.resolve("native"))) {
            root = root.getParent();
        }
        Path built = root.resolve("native/build/x86_64");
        Path program = Path.of(System.getProperty("skerry.native.dir", built.toString()), "guestd");
        if (!Files.isExecutable(program)) {
            throw new AssertionError(program + " is missing: run `make -C native`");
        }
        return program;
    }

    /** Over the pipes themselves, whose end is the guest's end. */
    GuestConnection pipes() {
        return GuestConnection.open(new PipeTransport(process.getInputStream(), process.getOutputStream()), 1, SOON);
    }

    /** Through a socket; a later connection takes the place of the earlier one. */
    GuestConnection socket(long epoch) throws IOException {
        if (!relaying) {
            relaying = true;
            daemon("relay-in", this::takeControllers);
            daemon("relay-out", this::relayOut);
        }
        return GuestConnection.open(ShimTransport.connect(shim.path(), epoch, SOON), epoch, SOON);
    }

    private interface Relay {
        void run() throws IOException, InterruptedException, ProtocolViolation;
    }

    private static void daemon(String name, Relay relay) {
        Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                relay.run();
            } catch (IOException | InterruptedException e) {
                // The test is over.
            } catch (ProtocolViolation e) {
                throw new AssertionError(e);
            }
        });
    }

    private void takeControllers() throws IOException, InterruptedException, ProtocolViolation {
        while (true) {
            SocketChannel controller = shim.accept();
            controllers.put(controller);
            daemon("relay-in", () -> relayIn(controller));
        }
    }

    private void relayIn(SocketChannel controller) throws IOException, ProtocolViolation {
        OutputStream out = process.getOutputStream();
        while (true) {
            byte[] frame = ShimSocket.Message.read(controller).encode();
            synchronized (this) {
                out.write(frame);
                out.flush();
            }
        }
    }

    /** Each frame to whoever is the controller when it begins; what a lost controller did not take of it is dropped. */
    private void relayOut() throws IOException, InterruptedException, ProtocolViolation {
        DataInputStream in = new DataInputStream(process.getInputStream());
        ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER_BYTES + Frame.PAYLOAD_BYTES_MAX)
                .order(ByteOrder.LITTLE_ENDIAN);
        SocketChannel controller = controllers.take();
        while (true) {
            in.readFully(frame.array(), 0, Frame.HEADER_BYTES);
            int length = Frame.read(frame.clear()).length();
            in.readFully(frame.array(), Frame.HEADER_BYTES, length);
            SocketChannel next = controllers.poll();
            if (next != null) {
                controller.close();
                controller = next;
            }
            try {
                frame.position(0).limit(Frame.HEADER_BYTES + length);
                while (frame.hasRemaining()) {
                    controller.write(frame);
                }
            } catch (IOException e) {
                controller = controllers.take();
            }
        }
    }

    boolean awaitExit() throws InterruptedException {
        return process.waitFor(SOON.toSeconds(), TimeUnit.SECONDS);
    }

    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly()
                .onExit()
                .orTimeout(SOON.toSeconds(), TimeUnit.SECONDS)
                .join();
        shim.close();
    }
}
