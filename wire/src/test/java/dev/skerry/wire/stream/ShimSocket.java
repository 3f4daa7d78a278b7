package dev.skerry.wire.stream;

import dev.skerry.wire.FieldWriter;
import dev.skerry.wire.Fields;
import dev.skerry.wire.Frame;
import dev.skerry.wire.FrameType;
import dev.skerry.wire.ProtocolViolation;
import dev.skerry.wire.Tag;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A socket on which controllers are taken in as a shim does; what follows the handshake is the test's business. */
final class ShimSocket implements AutoCloseable {
    private final Path folder;
    private final ServerSocketChannel server;

    ShimSocket() throws IOException {
        folder = Files.createTempDirectory("skerry-shim");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path()));
    }

    Path path() {
        return folder.resolve("sock");
    }

    /** The next controller, after its ATTACH was answered. */
    SocketChannel accept() throws IOException {
        SocketChannel socket = server.accept();
        try {
            Message attach = Message.read(socket);
            long epoch = attach.fields().require(Tag.EPOCH);
            new Message(
                            FrameType.SHIM_ATTACHED,
                            Frame.SHIM,
                            0,
                            new FieldWriter()
                                    .number(Tag.VERSION, 1)
                                    .number(Tag.EPOCH, epoch)
                                    .number(Tag.PID, 1))
                    .write(socket);
            return socket;
        } catch (ProtocolViolation e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.deleteIfExists(path());
        Files.delete(folder);
    }

    /** A whole frame. */
    record Message(Frame frame, ByteBuffer payload) {
        Message(FrameType type, int channel, int flags, FieldWriter fields) {
            this(type, channel, flags, fields.toBytes());
        }

        Message(FrameType type, int channel, int flags, byte[] payload) {
            this(new Frame(payload.length, channel, type.number(), flags), ByteBuffer.wrap(payload));
        }

        static Message read(SocketChannel socket) throws IOException, ProtocolViolation {
            Frame frame = Frame.read(fill(socket, Frame.HEADER_BYTES));
            return new Message(frame, fill(socket, frame.length()));
        }

        private static ByteBuffer fill(SocketChannel socket, int count) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
                if (socket.read(bytes) < 0) {
                    throw new EOFException();
                }
            }
            return bytes.flip();
        }

        void write(SocketChannel socket) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(encode());
            while (bytes.hasRemaining()) {
                socket.write(bytes);
            }
        }

        byte[] encode() {
            ByteBuffer bytes = ByteBuffer.allocate(Frame.HEADER_BYTES + payload.remaining())
                    .order(ByteOrder.LITTLE_ENDIAN);
            frame.write(bytes);
            bytes.put(payload.duplicate());
            byte[] encoded = new byte[bytes.flip().remaining()];
            bytes.get(encoded);
            return encoded;
        }

        boolean is(FrameType type) {
            return frame.type() == type.number();
        }

        Fields fields() throws ProtocolViolation {
            return Fields.read(payload.duplicate());
        }
    }
}
