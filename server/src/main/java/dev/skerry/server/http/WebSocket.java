package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;

/**
 * The server's end of a WebSocket (RFC 6455), without extensions: messages of text in both directions, by blocking. One
 * thread receives; any may send and close.
 */
public final class WebSocket implements AutoCloseable {
    /** Codes of RFC 6455, 7.4.1. */
    public static final int GOING_AWAY = 1001;

    public static final int INTERNAL_ERROR = 1011;

    private static final int PROTOCOL_ERROR = 1002;
    private static final int NOT_UTF8 = 1007;
    private static final int TOO_LARGE = 1009;
    private static final int NO_CODE = 1005;

    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    private static final String VERSION = "13";
    private static final int KEY_BYTES = 16;

    private static final int FINAL = 0x80;
    private static final int RESERVED = 0x70;
    private static final int MASKED = 0x80;
    private static final int CONTINUATION = 0x0;
    private static final int TEXT = 0x1;
    private static final int BINARY = 0x2;
    private static final int CLOSE = 0x8;
    private static final int PING = 0x9;
    private static final int PONG = 0xA;
    private static final int CONTROL_BYTES_MAX = 125;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;

    private final Tunnel tunnel;
    private final InputStream in;
    private final OutputStream out;
    private final int messageBytesMax;
    private final ReentrantLock sending = new ReentrantLock();
    /** Guarded by {@link #sending}. */
    private boolean closeSent;

    private WebSocket(Tunnel tunnel, int messageBytesMax) {
        this.tunnel = tunnel;
        this.in = tunnel.input();
        this.out = tunnel.output();
        this.messageBytesMax = messageBytesMax;
    }

    /** What the client broke, and how that is called when the connection is closed for it. */
    private static final class Violation extends IOException {
        private static final long serialVersionUID = 1L;

        private final int code;

        Violation(int code, String what) {
            super(what);
            this.code = code;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // read once; never compared
    private record Frame(boolean last, int opcode, byte[] payload) {}

    /** Whether a request wants to become one. */
    public static boolean isAsked(Exchange exchange) {
        return exchange.method().equals("GET")
                && !exchange.http2()
                && has(exchange, "Upgrade", "websocket")
                && has(exchange, "Connection", "upgrade");
    }

    private static boolean has(Exchange exchange, String header, String token) {
        String all = exchange.headers().stream()
                .filter(field -> header.equalsIgnoreCase(field.getName()))
                .map(field -> String.valueOf(field.getValue()))
                .collect(Collectors.joining(","));
        return Arrays.stream(all.split(",", -1)).anyMatch(part -> part.strip().equalsIgnoreCase(token));
    }

    /**
     * Makes it one.
     *
     * @param messageBytesMax of what the client sends
     * @throws Failure {@code INVALID_REQUEST} when the handshake is wrong
     */
    public static WebSocket open(Exchange exchange, int messageBytesMax) throws IOException, InterruptedException {
        if (!exchange.header("Sec-WebSocket-Version").filter(VERSION::equals).isPresent()) {
            exchange.set("Sec-WebSocket-Version", VERSION);
            throw new Failure(ErrorCode.INVALID_REQUEST, "a WebSocket of a version other than " + VERSION);
        }
        String key = exchange.header("Sec-WebSocket-Key").map(String::strip).orElse("");
        if (!isKey(key)) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'Sec-WebSocket-Key' is not 16 bytes in base64");
        }
        exchange.set("Upgrade", "websocket").set("Connection", "Upgrade").set("Sec-WebSocket-Accept", accept(key));
        return new WebSocket(exchange.upgrade(), messageBytesMax);
    }

    private static boolean isKey(String text) {
        try {
            return Base64.getDecoder().decode(text).length == KEY_BYTES;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static String accept(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Waits for the next message, text or bytes that are UTF-8. Empty when the client has closed, or has broken the
     * protocol and was told so.
     *
     * @throws IOException the client went away
     */
    public Optional<String> receive() throws IOException {
        try {
            return message();
        } catch (Violation e) {
            close(e.code, String.valueOf(e.getMessage()));
            return Optional.empty();
        } catch (EOFException e) {
            return Optional.empty();
        }
    }

    private Optional<String> message() throws IOException {
        var whole = new ByteArrayOutputStream();
        boolean begun = false;
        while (true) {
            Frame frame = frame(messageBytesMax - whole.size());
            switch (frame.opcode()) {
                case PING -> send(PONG, frame.payload());
                case PONG -> {}
                case CLOSE -> {
                    answerClose(frame.payload());
                    return Optional.empty();
                }
                case CONTINUATION, TEXT, BINARY -> {
                    if (begun != (frame.opcode() == CONTINUATION)) {
                        throw new Violation(PROTOCOL_ERROR, "a fragment out of order");
                    }
                    begun = true;
                    whole.writeBytes(frame.payload());
                    if (frame.last()) {
                        return Optional.of(text(whole.toByteArray(), "a message that is not UTF-8"));
                    }
                }
                default -> throw new Violation(PROTOCOL_ERROR, "a frame of a kind that there is not");
            }
        }
    }

    private static String text(byte[] bytes, String otherwise) throws Violation {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Violation(NOT_UTF8, otherwise);
        }
    }

    private Frame frame(int room) throws IOException {
        int first = byteOf();
        int second = byteOf();
        int opcode = first & 0xF;
        boolean last = (first & FINAL) != 0;
        if ((first & RESERVED) != 0) {
            throw new Violation(PROTOCOL_ERROR, "a bit of an extension that was not agreed on");
        }
        if ((second & MASKED) == 0) {
            throw new Violation(PROTOCOL_ERROR, "a frame without a mask");
        }
        long length = length(second & ~MASKED);
        if (opcode >= CLOSE && (length > CONTROL_BYTES_MAX || !last)) {
            throw new Violation(PROTOCOL_ERROR, "a control frame that is too long or in fragments");
        }
        if (opcode < CLOSE && length > room) {
            throw new Violation(TOO_LARGE, "a message of more than " + messageBytesMax + " bytes");
        }
        byte[] mask = bytes(4);
        byte[] payload = bytes((int) length);
        for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i & 3];
        }
        return new Frame(last, opcode, payload);
    }

    private long length(int announced) throws IOException {
        if (announced < LENGTH_16) {
            return announced;
        }
        long length = 0;
        for (byte part : bytes(announced == LENGTH_64 ? Long.BYTES : Short.BYTES)) {
            length = length << 8 | Byte.toUnsignedInt(part);
        }
        if (length < 0 || length < (announced == LENGTH_64 ? 1 << 16 : LENGTH_16)) {
            throw new Violation(PROTOCOL_ERROR, "a length that is written longer than it need be");
        }
        return length;
    }

    private int byteOf() throws IOException {
        int one = in.read();
        if (one < 0) {
            throw new EOFException("the client went away");
        }
        return one;
    }

    private byte[] bytes(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("the client went away");
        }
        return bytes;
    }

    private void answerClose(byte[] payload) throws IOException {
        if (payload.length == 1) {
            throw new Violation(PROTOCOL_ERROR, "half a code");
        }
        if (payload.length == 0) {
            close(NO_CODE, "");
            return;
        }
        int code = Byte.toUnsignedInt(payload[0]) << 8 | Byte.toUnsignedInt(payload[1]);
        boolean known = (code >= 1000 && code <= 1014 && code != 1004 && code != NO_CODE && code != 1006)
                || (code >= 3000 && code <= 4999);
        if (!known) {
            throw new Violation(PROTOCOL_ERROR, "a code that there is not");
        }
        text(Arrays.copyOfRange(payload, 2, payload.length), "a reason that is not UTF-8");
        close(code, "");
    }

    /**
     * Sends a message; nothing once it has been closed. Waits while the client does not read.
     *
     * @throws IOException the client went away
     */
    public void send(String text) throws IOException {
        send(TEXT, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Says that it ends, once; further messages of the client may still be received, until it has heard that. */
    public void close(int code, String reason) throws IOException {
        byte[] words = reason.getBytes(StandardCharsets.UTF_8);
        byte[] payload = new byte[code == NO_CODE ? 0 : 2 + Math.min(words.length, CONTROL_BYTES_MAX - 2)];
        if (code != NO_CODE) {
            payload[0] = (byte) (code >> 8);
            payload[1] = (byte) code;
            System.arraycopy(words, 0, payload, 2, payload.length - 2);
        }
        send(CLOSE, payload);
    }

    private void send(int opcode, byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(10 + payload.length);
        frame.put((byte) (FINAL | opcode));
        if (payload.length < LENGTH_16) {
            frame.put((byte) payload.length);
        } else if (payload.length < 1 << 16) {
            frame.put((byte) LENGTH_16).putShort((short) payload.length);
        } else {
            frame.put((byte) LENGTH_64).putLong(payload.length);
        }
        frame.put(payload);
        sending.lock();
        try {
            if (closeSent) {
                return;
            }
            closeSent = opcode == CLOSE;
            out.write(frame.array(), 0, frame.position());
        } finally {
            sending.unlock();
        }
    }

    /** Breaks the connection; whoever waits for it is told. */
    @Override
    public void close() {
        tunnel.close();
    }
}
