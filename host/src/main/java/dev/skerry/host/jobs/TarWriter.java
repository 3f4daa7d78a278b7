package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;

/**
 * Writes host files as an archive for a sandbox (POSIX.1-2001 pax over ustar): regular files, folders and symbolic
 * links as they are, with permissions but without owner. Not thread-safe.
 */
public final class TarWriter implements AutoCloseable {
    private static final int BLOCK = 512;
    private static final long USTAR_SIZE_MAX = 0_77777777777L;

    private final OutputStream out;

    public TarWriter(OutputStream out) {
        this.out = out;
    }

    /** {@code source} and everything under it, with {@code name} in its place. */
    public void add(Path source, String name) throws IOException {
        if (Files.isSymbolicLink(source)) {
            header(name, new Meta('2', 0777, 0, Files.readSymbolicLink(source).toString()));
        } else if (Files.isDirectory(source)) {
            header(name + "/", new Meta('5', mode(source), 0, ""));
            try (var children = Files.list(source)) {
                for (Path child : children.sorted().toList()) {
                    add(child, name + "/" + child.getFileName());
                }
            }
        } else if (Files.isRegularFile(source)) {
            addFile(source, name);
        } else {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + source + "' is neither file nor folder",
                    "copy regular files only");
        }
    }

    /** The content of the file that {@code source} is or links to. */
    public void addFile(Path source, String name) throws IOException {
        long size = Files.size(source);
        header(name, new Meta('0', mode(source), size, ""));
        try (InputStream in = Files.newInputStream(source)) {
            byte[] buffer = new byte[64 << 10];
            long left = size;
            while (left > 0) {
                int n = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (n < 0) {
                    throw new Failure(ErrorCode.CONFLICT, "'" + source + "' became shorter while it was copied");
                }
                out.write(buffer, 0, n);
                left -= n;
            }
        }
        out.write(new byte[(int) (-size & (BLOCK - 1))]);
    }

    /** A file of that content. */
    void add(String name, byte[] content, int mode) throws IOException {
        header(name, new Meta('0', mode, content.length, ""));
        out.write(content);
        out.write(new byte[-content.length & (BLOCK - 1)]);
    }

    void addFolder(String name, int mode) throws IOException {
        header(name + "/", new Meta('5', mode, 0, ""));
    }

    @Override
    public void close() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.close();
    }

    private record Meta(char type, int mode, long size, String target) {}

    private void header(String name, Meta meta) throws IOException {
        var extended = new StringBuilder();
        if (bytes(name).length > 100) {
            extended.append(paxRecord("path", name));
        }
        if (bytes(meta.target()).length > 100) {
            extended.append(paxRecord("linkpath", meta.target()));
        }
        if (meta.size() > USTAR_SIZE_MAX) {
            extended.append(paxRecord("size", Long.toString(meta.size())));
        }
        if (!extended.isEmpty()) {
            byte[] content = bytes(extended.toString());
            out.write(block("pax", new Meta('x', 0600, content.length, "")));
            out.write(content);
            out.write(new byte[-content.length & (BLOCK - 1)]);
        }
        out.write(block(name, meta));
    }

    private static byte[] block(String name, Meta meta) {
        byte[] header = new byte[BLOCK];
        put(header, 0, 100, bytes(name));
        put(header, 100, 8, bytes("%07o".formatted(meta.mode())));
        put(header, 108, 8, bytes("0000000"));
        put(header, 116, 8, bytes("0000000"));
        put(header, 124, 12, bytes("%011o".formatted(Math.min(meta.size(), USTAR_SIZE_MAX))));
        put(header, 136, 12, bytes("00000000000"));
        header[156] = (byte) meta.type();
        put(header, 157, 100, bytes(meta.target()));
        put(header, 257, 8, bytes("ustar\00000"));
        put(header, 148, 8, bytes("        "));
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, 8, bytes("%06o\0 ".formatted(sum)));
        return header;
    }

    private static void put(byte[] header, int offset, int length, byte[] value) {
        System.arraycopy(value, 0, header, offset, Math.min(length, value.length));
    }

    /** "length key=value\n", where the length counts its own digits too. */
    private static String paxRecord(String key, String value) {
        int rest = bytes(key).length + bytes(value).length + 3;
        int length = rest + 1;
        while (length != rest + Integer.toString(length).length()) {
            length++;
        }
        return length + " " + key + "=" + value + "\n";
    }

    private static int mode(Path path) throws IOException {
        Map<String, Object> attributes = Files.readAttributes(path, "unix:mode", new LinkOption[0]);
        return attributes.get("mode") instanceof Integer mode ? mode & 0777 : 0644;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
