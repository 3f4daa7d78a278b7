package dev.skerry.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * This machine's Lua and its libraries as the archive of an OCI image. It says that it is another version, as long as
 * the real one, so that it cannot be taken for that of the host's packages.
 */
final class LuaPackage {
    static final String VERSION = "5.4.9";

    private static final Path LUA = Path.of("/usr/bin/lua5.4");
    private static final Pattern VERSIONS = Pattern.compile("Lua 5\\.4\\.[0-9]");
    private static final Pattern LIBRARY = Pattern.compile("(/[^ ]+) \\(0x");
    private static final Duration TOOL = Duration.ofSeconds(30);

    private final Path folder;

    /** @param folder is filled with what it is made of */
    LuaPackage(Path folder) {
        this.folder = folder;
    }

    /** @param ballast bytes more, so that importing takes a while */
    void write(Path archive, int ballast) throws IOException {
        Path root = Files.createDirectories(folder.resolve("root"));
        copy(root, LUA, renamed());
        Matcher libraries = LIBRARY.matcher(run("/usr/bin/ldd", LUA.toString()));
        while (libraries.find()) {
            Path library = Path.of(libraries.group(1));
            copy(root, library, Files.readAllBytes(library));
        }
        Files.write(Files.createDirectories(root.resolve("opt")).resolve("ballast"), new byte[ballast]);
        Path layer = folder.resolve("layer.tar");
        pack(layer, root);
        Path layout = Files.createDirectories(folder.resolve("layout"));
        String config = "{\"os\":\"linux\",\"architecture\":\"" + architecture() + "\",\"config\":{},\"rootfs\":"
                + "{\"type\":\"layers\",\"diff_ids\":[\"sha256:" + sha256(layer) + "\"]}}";
        String manifest = "{\"schemaVersion\":2,\"config\":"
                + blob(layout, "application/vnd.oci.image.config.v1+json", config.getBytes(StandardCharsets.UTF_8))
                + ",\"layers\":["
                + blob(layout, "application/vnd.oci.image.layer.v1.tar", Files.readAllBytes(layer)) + "]}";
        String index = "{\"schemaVersion\":2,\"manifests\":["
                + blob(layout, "application/vnd.oci.image.manifest.v1+json", manifest.getBytes(StandardCharsets.UTF_8))
                + "]}";
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Files.writeString(layout.resolve("index.json"), index);
        pack(archive, layout);
    }

    private static byte[] renamed() throws IOException {
        String bytes = new String(Files.readAllBytes(LUA), StandardCharsets.ISO_8859_1);
        return VERSIONS.matcher(bytes).replaceAll("Lua " + VERSION).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void copy(Path root, Path file, byte[] content) throws IOException {
        Path copy = root.resolve(file.toString().substring(1));
        Files.createDirectories(copy.getParent());
        Files.copy(file.toRealPath(), copy, StandardCopyOption.REPLACE_EXISTING);
        Files.write(copy, content);
    }

    private static String blob(Path layout, String type, byte[] content) throws IOException {
        Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
        Path fresh = Files.write(blobs.resolve("fresh"), content);
        String digest = sha256(fresh);
        Files.move(fresh, blobs.resolve(digest));
        return "{\"mediaType\":\"" + type + "\",\"digest\":\"sha256:" + digest + "\",\"size\":" + content.length + "}";
    }

    /** In hexadecimal digits. */
    static String sha256(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String architecture() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    }

    private static void pack(Path archive, Path root) {
        run("/usr/bin/tar", "-C", root.toString(), "--owner=0", "--group=0", "-cf", archive.toString(), ".");
    }

    private static String run(String... words) {
        return Child.run(List.of(words), Path.of("/"), Map.of("PATH", "/usr/bin:/bin"), TOOL);
    }
}
