package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads what an image says of itself: the OCI image layout (image-layout.md, image-index.md, manifest.md and config.md
 * of the OCI image specification 1.1) and the older {@code manifest.json} of {@code docker save}.
 */
final class ImageDocuments {
    private static final int DOCUMENT_BYTES_MAX = 4 << 20;
    private static final int INDEX_DEPTH_MAX = 4;
    private static final int CANDIDATES_MAX = 1000;
    private static final Pattern DIGEST = Pattern.compile("sha256:([0-9a-f]{64})");
    private static final String REFERENCE = "org.opencontainers.image.ref.name";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private static final Set<String> INDEX_TYPES = Set.of(
            "application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json");
    private static final Set<String> MANIFEST_TYPES = Set.of(
            "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json");
    private static final Set<String> LAYER_TYPES = Set.of(
            "application/vnd.oci.image.layer.v1.tar",
            "application/vnd.oci.image.layer.v1.tar+gzip",
            "application/vnd.oci.image.layer.v1.tar+zstd",
            "application/vnd.docker.image.rootfs.diff.tar",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.docker.image.rootfs.diff.tar.zstd");

    private final ImageFiles files;
    private final ImportLimits limits;
    private final String architecture;

    ImageDocuments(ImageFiles files, ImportLimits limits) {
        this.files = files;
        this.limits = limits;
        this.architecture = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
    }

    /** @param wanted which one, where a layout holds several: the name it bears there */
    Image read(Optional<String> wanted) throws IOException {
        if (files.has("index.json")) {
            return ociImage(wanted);
        }
        if (files.has("manifest.json")) {
            return dockerImage(wanted);
        }
        throw invalid("'" + files + "' is no image: it has neither index.json nor manifest.json");
    }

    private Image ociImage(Optional<String> wanted) throws IOException {
        Map<String, Optional<String>> candidates = new LinkedHashMap<>();
        collect(parse(document("index.json"), "index.json"), Optional.empty(), 0, candidates);
        String digest = choose(candidates, wanted);
        JsonNode manifest = parse(verified(digest), "the manifest");
        String configDigest = digest(manifest.path("config"));
        JsonNode config = parse(verified(configDigest), "the configuration");
        List<String> diffIds = diffIds(config);
        JsonNode listed = manifest.path("layers");
        if (listed.size() != diffIds.size()) {
            throw invalid("the manifest lists " + listed.size() + " layers, the configuration " + diffIds.size());
        }
        var layers = new ArrayList<Image.Layer>();
        for (int i = 0; i < listed.size(); i++) {
            String type = listed.get(i).path("mediaType").asString("");
            if (!LAYER_TYPES.contains(type)) {
                throw new Failure(
                        ErrorCode.UNSUPPORTED,
                        "a layer has the media type '" + type + "'",
                        "tar archives are supported, plain or compressed with gzip or zstd");
            }
            String blob = digest(listed.get(i));
            layers.add(new Image.Layer(file(blob), Optional.of(blob), diffIds.get(i)));
            checkSize(listed.get(i), file(blob));
        }
        return new Image(configDigest, defaults(config.path("config")), layers, candidates.get(digest));
    }

    private Image dockerImage(Optional<String> wanted) throws IOException {
        JsonNode images = parse(document("manifest.json"), "manifest.json");
        Map<String, Optional<String>> candidates = new LinkedHashMap<>();
        for (JsonNode image : images) {
            candidates.put(
                    image.path("Config").asString(""),
                    Optional.of(image.path("RepoTags").path(0).asString("")).filter(tag -> !tag.isEmpty()));
        }
        String chosen = choose(candidates, wanted);
        byte[] configText = document(chosen);
        JsonNode config = parse(configText, "the configuration");
        List<String> diffIds = diffIds(config);
        JsonNode listed = images.values().stream()
                .filter(image -> image.path("Config").asString("").equals(chosen))
                .findFirst()
                .orElseThrow()
                .path("Layers");
        if (listed.size() != diffIds.size()) {
            throw invalid("the manifest lists " + listed.size() + " layers, the configuration " + diffIds.size());
        }
        var layers = new ArrayList<Image.Layer>();
        for (int i = 0; i < listed.size(); i++) {
            layers.add(new Image.Layer(listed.get(i).asString(""), Optional.empty(), diffIds.get(i)));
        }
        return new Image(Digests.sha256(configText), defaults(config.path("config")), layers, candidates.get(chosen));
    }

    /** Gathers the manifests that this machine can run, by digest, with the name they bear. */
    private void collect(JsonNode index, Optional<String> inherited, int depth, Map<String, Optional<String>> into)
            throws IOException {
        for (JsonNode entry : index.path("manifests")) {
            String type = entry.path("mediaType").asString("");
            JsonNode platform = entry.path("platform");
            boolean runs = platform.isMissingNode()
                    || (platform.path("os").asString("").equals("linux")
                            && platform.path("architecture").asString("").equals(architecture));
            Optional<String> name = Optional.of(
                            entry.path("annotations").path(REFERENCE).asString(""))
                    .filter(text -> !text.isEmpty())
                    .or(() -> inherited);
            if (INDEX_TYPES.contains(type)) {
                if (depth >= INDEX_DEPTH_MAX || into.size() > CANDIDATES_MAX) {
                    throw invalid("the image's indexes are nested too deep");
                }
                collect(parse(verified(digest(entry)), "an index"), name, depth + 1, into);
            } else if (MANIFEST_TYPES.contains(type) && runs) {
                into.put(digest(entry), name);
            }
        }
    }

    private String choose(Map<String, Optional<String>> candidates, Optional<String> wanted) {
        if (candidates.isEmpty()) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "'" + files + "' holds no image for linux/" + architecture,
                    "copy the image for this architecture (skopeo copy --override-arch " + architecture + ")");
        }
        if (candidates.size() == 1) {
            return candidates.keySet().iterator().next();
        }
        var named = candidates.entrySet().stream()
                .filter(candidate -> wanted.isPresent() && candidate.getValue().equals(wanted))
                .toList();
        if (named.size() != 1) {
            var names = new TreeSet<String>();
            candidates.values().forEach(name -> name.ifPresent(names::add));
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + files + "' holds " + candidates.size() + " images",
                    "import one by the name it bears there: " + String.join(", ", names));
        }
        return named.getFirst().getKey();
    }

    private List<String> diffIds(JsonNode config) {
        String os = config.path("os").asString("linux");
        String made = config.path("architecture").asString(architecture);
        if (!os.equals("linux") || !made.equals(architecture)) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the image is for " + os + "/" + made + ", this machine is linux/" + architecture,
                    "import an image made for this machine");
        }
        var found = new ArrayList<String>();
        for (JsonNode diffId : config.path("rootfs").path("diff_ids")) {
            found.add(hexOf(diffId.asString("")));
        }
        if (found.isEmpty() || found.size() > limits.layers()) {
            throw new Failure(
                    ErrorCode.LIMIT_EXCEEDED,
                    "the image has " + found.size() + " layers",
                    "from 1 to " + limits.layers() + " are allowed");
        }
        return found;
    }

    private static TemplateDefaults defaults(JsonNode config) {
        String workdir = text(config.path("WorkingDir"));
        String user = text(config.path("User"));
        var environment = new ArrayList<>(texts(config.path("Env")));
        environment.removeIf(entry -> entry.indexOf('=') < 1);
        if (environment.stream().noneMatch(entry -> entry.startsWith("PATH="))) {
            environment.addFirst(TemplateDefaults.PATH);
        }
        var command = new ArrayList<>(texts(config.path("Entrypoint")));
        command.addAll(texts(config.path("Cmd")));
        return new TemplateDefaults(
                user.isEmpty() ? "root" : user,
                workdir.startsWith("/") ? workdir : "/" + workdir,
                environment,
                command);
    }

    private static List<String> texts(JsonNode array) {
        var found = new ArrayList<String>();
        for (JsonNode element : array) {
            found.add(text(element));
        }
        return found;
    }

    private static String text(JsonNode node) {
        String value = node.asString("");
        if (value.indexOf('\0') >= 0) {
            throw invalid("a NUL character in the image's configuration");
        }
        return value;
    }

    private static String digest(JsonNode descriptor) {
        return hexOf(descriptor.path("digest").asString(""));
    }

    private static String hexOf(String digest) {
        var matcher = DIGEST.matcher(digest);
        if (!matcher.matches()) {
            String shown = digest.length() > 100 ? digest.substring(0, 100) : digest;
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "'" + shown + "' is not a digest that can be checked",
                    "sha256 is supported");
        }
        return matcher.group(1);
    }

    private static String file(String hex) {
        return "blobs/sha256/" + hex;
    }

    private void checkSize(JsonNode descriptor, String file) {
        long stated = descriptor.path("size").asLong(-1);
        if (stated != files.size(file)) {
            throw invalid("'" + file + "' has " + files.size(file) + " bytes, its descriptor says " + stated);
        }
    }

    private byte[] verified(String hex) throws IOException {
        byte[] content = document(file(hex));
        if (!Digests.sha256(content).equals(hex)) {
            throw invalid("'" + file(hex) + "' does not have the digest of its name");
        }
        return content;
    }

    private byte[] document(String name) throws IOException {
        if (files.size(name) > DOCUMENT_BYTES_MAX) {
            throw invalid("'" + name + "' has " + files.size(name) + " bytes; a document has " + DOCUMENT_BYTES_MAX
                    + " at most");
        }
        try (var input = files.open(name)) {
            return input.readNBytes(DOCUMENT_BYTES_MAX);
        }
    }

    private static JsonNode parse(byte[] text, String what) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            // Without the parser's words: they quote the file, and who names a file here need not be who may read it.
            throw new Failure(ErrorCode.INVALID_REQUEST, what + " is not JSON", "copy the image again, whole");
        }
    }

    private static Failure invalid(String what) {
        return new Failure(ErrorCode.INVALID_REQUEST, what, "copy the image again, whole (skopeo copy ... oci:FOLDER)");
    }
}
