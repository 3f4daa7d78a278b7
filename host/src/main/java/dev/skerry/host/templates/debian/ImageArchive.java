package dev.skerry.host.templates.debian;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * Writes an image of one layer as the archive of an OCI image layout (image-layout.md, manifest.md and config.md of the
 * OCI image specification 1.1). The same layer gives the same archive.
 */
final class ImageArchive {
    private static final String TYPES = "application/vnd.oci.image.";
    private static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int FILE_MODE = 0100644;

    private ImageArchive() {}

    /** A layer's archive, compressed on the way; close it, then it is complete. */
    static final class Layer implements AutoCloseable {
        private final Path file;
        private final MessageDigest plain = sha256();
        private final MessageDigest stored = sha256();
        private final OutputStream output;

        /** @param file where it is kept until it is part of an image */
        Layer(Path file) throws IOException {
            this.file = file;
            OutputStream below = new BufferedOutputStream(Files.newOutputStream(file), BUFFER_BYTES);
            this.output = new DigestOutputStream(
                    new GZIPOutputStream(new DigestOutputStream(below, stored), BUFFER_BYTES), plain);
        }

        void add(InputStream tar) throws IOException {
            tar.transferTo(output);
        }

        @Override
        public void close() throws IOException {
            output.close();
        }
    }

    /** @return SHA-256 of the archive, in hexadecimal digits */
    static String write(Layer layer, Path archive) throws IOException {
        String diffId = hex(layer.plain);
        String config = """
            {"architecture":"%s","os":"linux","config":{"Env":["%s"]},\
            "rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}\
            """.formatted(architecture(), PATH, diffId);
        Map<String, byte[]> documents = new LinkedHashMap<>();
        String configured = blob(documents, "config.v1+json", config);
        String stored = hex(layer.stored);
        long size = Files.size(layer.file);
        String manifest = """
            {"schemaVersion":2,"mediaType":"%smanifest.v1+json","config":%s,"layers":[%s]}\
            """.formatted(TYPES, configured, descriptor("layer.v1.tar+gzip", stored, size));
        String described = blob(documents, "manifest.v1+json", manifest);
        put(documents, "index.json", "{\"schemaVersion\":2,\"manifests\":[" + described + "]}");
        put(documents, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
        MessageDigest digest = sha256();
        try (var below = new BufferedOutputStream(Files.newOutputStream(archive), BUFFER_BYTES);
                var tar = new TarArchiveOutputStream(new DigestOutputStream(below, digest))) {
            tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
            for (Map.Entry<String, byte[]> document : documents.entrySet()) {
                tar.putArchiveEntry(entry(document.getKey(), document.getValue().length));
                tar.write(document.getValue());
                tar.closeArchiveEntry();
            }
            tar.putArchiveEntry(entry("blobs/sha256/" + stored, size));
            Files.copy(layer.file, tar);
            tar.closeArchiveEntry();
        }
        return hex(digest);
    }

    private static TarArchiveEntry entry(String name, long size) {
        var entry = new TarArchiveEntry(name);
        entry.setSize(size);
        entry.setMode(FILE_MODE);
        entry.setModTime(0L);
        entry.setIds(0, 0);
        return entry;
    }

    private static String blob(Map<String, byte[]> documents, String type, String text) {
        byte[] content = text.getBytes(StandardCharsets.UTF_8);
        String digest = HexFormat.of().formatHex(sha256().digest(content));
        documents.put("blobs/sha256/" + digest, content);
        return descriptor(type, digest, content.length);
    }

    private static String descriptor(String type, String digest, long size) {
        return "{\"mediaType\":\"" + TYPES + type + "\",\"digest\":\"sha256:" + digest + "\",\"size\":" + size + "}";
    }

    private static void put(Map<String, byte[]> documents, String name, String text) {
        documents.put(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private static String architecture() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    }

    private static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
