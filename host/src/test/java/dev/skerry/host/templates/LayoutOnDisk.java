package dev.skerry.host.templates;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.zstandard.ZstdCompressorOutputStream;

/** Writes an OCI image layout for tests, layer by layer, with a lie at any place one asks for. */
public final class LayoutOnDisk {
    private final Path folder;
    private final List<String> layers = new ArrayList<>();
    private final List<String> diffIds = new ArrayList<>();
    private String config = "{}";
    private String architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";

    LayoutOnDisk(Path folder) throws IOException {
        this.folder = folder;
        Files.createDirectories(folder.resolve("blobs/sha256"));
    }

    /** An image that has one file. */
    public static Path of(Path folder, String path, String content) throws IOException {
        return new LayoutOnDisk(folder)
                .plain(new TarLayer().file(path, content).build())
                .build();
    }

    LayoutOnDisk plain(byte[] tar) throws IOException {
        return layer(tar, Digests.sha256(tar), "application/vnd.oci.image.layer.v1.tar");
    }

    LayoutOnDisk gzip(byte[] tar) throws IOException {
        return layer(gzipped(tar), Digests.sha256(tar), "application/vnd.oci.image.layer.v1.tar+gzip");
    }

    LayoutOnDisk zstd(byte[] tar) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var output = new ZstdCompressorOutputStream(bytes)) {
            output.write(tar);
        }
        return layer(bytes.toByteArray(), Digests.sha256(tar), "application/vnd.oci.image.layer.v1.tar+zstd");
    }

    static byte[] gzipped(byte[] content) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var output = new GZIPOutputStream(bytes)) {
            output.write(content);
        }
        return bytes.toByteArray();
    }

    LayoutOnDisk layer(byte[] blob, String diffId, String mediaType) throws IOException {
        layers.add(descriptor(mediaType, blob(blob), blob.length, ""));
        diffIds.add("\"sha256:" + diffId + "\"");
        return this;
    }

    /** The inner configuration: user, environment and so on, as JSON. */
    LayoutOnDisk config(String json) {
        this.config = json;
        return this;
    }

    LayoutOnDisk architecture(String value) {
        this.architecture = value;
        return this;
    }

    private String blob(byte[] content) throws IOException {
        String hex = Digests.sha256(content);
        Files.write(folder.resolve("blobs/sha256").resolve(hex), content);
        return hex;
    }

    private static String descriptor(String mediaType, String hex, long size, String more) {
        return "{\"mediaType\":\"" + mediaType + "\",\"digest\":\"sha256:" + hex + "\",\"size\":" + size + more + "}";
    }

    String configDocument() {
        return "{\"os\":\"linux\",\"architecture\":\"" + architecture + "\",\"config\":" + config
                + ",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" + String.join(",", diffIds) + "]}}";
    }

    /** The image's entry for an index; {@code more} is JSON to append, a platform or annotations. */
    String manifest(String more) throws IOException {
        byte[] document = configDocument().getBytes(StandardCharsets.UTF_8);
        String described = descriptor("application/vnd.oci.image.config.v1+json", blob(document), document.length, "");
        byte[] manifest = ("{\"schemaVersion\":2,\"config\":" + described + ",\"layers\":[" + String.join(",", layers)
                        + "]}")
                .getBytes(StandardCharsets.UTF_8);
        return descriptor("application/vnd.oci.image.manifest.v1+json", blob(manifest), manifest.length, more);
    }

    /** Writes the index with these entries, and returns the layout's folder. */
    Path index(String... entries) throws IOException {
        Files.writeString(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.writeString(
                folder.resolve("index.json"),
                "{\"schemaVersion\":2,\"manifests\":[" + String.join(",", entries) + "]}");
        return folder;
    }

    Path build() throws IOException {
        return index(manifest(""));
    }

    /** All files of a folder as a tar archive. */
    static Path archive(Path folder, Path to) throws IOException {
        try (var tar = new TarArchiveOutputStream(Files.newOutputStream(to));
                var files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                tar.putArchiveEntry(
                        new TarArchiveEntry(file, folder.relativize(file).toString()));
                Files.copy(file, tar);
                tar.closeArchiveEntry();
            }
        }
        return to;
    }
}
