package dev.skerry.host.templates;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What templates there are: {@code templates/<hex>.template} holds one, {@code templates/names} says which names they
 * were given, {@code templates/current-base} which package database the current {@code base} was made from.
 */
final class TemplateIndex {
    static final String DIGEST_PREFIX = "sha256:";

    private static final Duration NAMES_WAIT = Duration.ofSeconds(30);
    private static final String SUFFIX = ".template";
    private static final String UNNAMED = ".unnamed";
    private static final Pattern FILE = Pattern.compile("([0-9a-f]{64})\\.template");

    private final Path folder;
    private final LayerStore layers;

    TemplateIndex(Path folder, LayerStore layers) throws IOException {
        this.folder = folder;
        this.layers = layers;
        LayerStore.makePrivate(folder);
    }

    /** A template as stored: its layers by digest, topmost first. */
    record Entry(String hex, List<String> layers, TemplateDefaults defaults, boolean base) {}

    /** The base that was current when the host had this fingerprint. */
    record CurrentBase(String fingerprint, String hex) {}

    /** Every change of it is a file that is renamed into the folder, or removed from it. */
    FileTime changed() throws IOException {
        return Files.getLastModifiedTime(folder);
    }

    Map<String, String> names() throws IOException {
        return Records.read(folder.resolve("names")).orElse(Map.of());
    }

    /** Every stored template whose layers are all there. */
    List<String> digests() throws IOException {
        var found = new ArrayList<String>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
            for (Path file : files) {
                var matcher = FILE.matcher(folder.relativize(file).toString());
                if (matcher.matches() && !isHalfMade(matcher.group(1))) {
                    found.add(matcher.group(1));
                }
            }
        }
        found.sort(String::compareTo);
        return found;
    }

    Instant createdAt(String hex) throws IOException {
        return Files.getLastModifiedTime(folder.resolve(hex + SUFFIX)).toInstant();
    }

    Optional<Entry> entry(String hex) throws IOException {
        var stored = Records.read(folder.resolve(hex + SUFFIX));
        if (stored.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> values = stored.get();
        List<String> hexes = Records.list(values, "layer");
        var defaults = new TemplateDefaults(
                values.getOrDefault("user", "root"),
                values.getOrDefault("workdir", "/"),
                Records.list(values, "environment"),
                Records.list(values, "command"));
        return Optional.of(new Entry(hex, hexes, defaults, Boolean.parseBoolean(values.get("base"))));
    }

    /** Empty if it is not stored, or if one of its layers has gone missing. */
    Optional<Template> template(String hex) throws IOException {
        var entry = entry(hex);
        if (entry.isEmpty() || !entry.get().layers.stream().allMatch(layers::has)) {
            return Optional.empty();
        }
        boolean hasSetuid = false;
        var notes = new ArrayList<String>();
        for (String layer : entry.get().layers) {
            LayerFacts facts = layers.facts(layer);
            hasSetuid |= facts.hasSetuid();
            notes.addAll(facts.notes());
        }
        String name = entry.get().base
                ? Template.BASE
                : names().entrySet().stream()
                        .filter(named -> named.getValue().equals(hex))
                        .map(Map.Entry::getKey)
                        .findFirst()
                        .orElse("");
        var trees = entry.get().layers.stream().map(layers::tree).toList();
        return Optional.of(new Template(name, DIGEST_PREFIX + hex, trees, entry.get().defaults, hasSetuid, notes));
    }

    void put(Entry entry) throws IOException {
        var values = new TreeMap<String, String>();
        values.put("base", Boolean.toString(entry.base));
        values.put("user", entry.defaults.user());
        values.put("workdir", entry.defaults.workdir());
        Records.putList(values, "layer", entry.layers);
        Records.putList(values, "environment", entry.defaults.environment());
        Records.putList(values, "command", entry.defaults.command());
        try (var draft = layers.begin()) {
            draft.replace(folder.resolve(entry.hex + SUFFIX), values);
        }
    }

    /**
     * Puts a template and gives it its name. Whoever is killed between the two leaves a template that nobody asked for
     * without a name; it is not listed, and {@link #removeUnused} removes it.
     */
    void put(Entry entry, String name) throws IOException {
        boolean fresh = !Files.exists(folder.resolve(entry.hex + SUFFIX));
        if (fresh) {
            Files.write(unnamed(entry.hex), new byte[0]);
        }
        put(entry);
        name(name, entry.hex);
        Files.deleteIfExists(unnamed(entry.hex));
    }

    private Path unnamed(String hex) {
        return folder.resolve(hex + UNNAMED);
    }

    private boolean isHalfMade(String hex) throws IOException {
        return Files.exists(unnamed(hex)) && !names().containsValue(hex);
    }

    /** Takes one of several names away; false, and nothing has changed, if it is the only one. */
    boolean unname(String name) throws IOException {
        try (var _ = lockNames();
                var draft = layers.begin()) {
            var changed = new TreeMap<>(names());
            String hex = changed.remove(name);
            if (hex == null || !changed.containsValue(hex)) {
                return false;
            }
            draft.replace(folder.resolve("names"), changed);
            return true;
        }
    }

    private void removeHalfMade() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*" + UNNAMED)) {
            for (Path file : files) {
                String name = folder.relativize(file).toString();
                String hex = name.substring(0, name.length() - UNNAMED.length());
                if (isHalfMade(hex)) {
                    Files.deleteIfExists(folder.resolve(hex + SUFFIX));
                }
                Files.delete(file);
            }
        }
    }

    private void name(String name, String hex) throws IOException {
        try (var _ = lockNames();
                var draft = layers.begin()) {
            var changed = new TreeMap<>(names());
            changed.put(name, hex);
            draft.replace(folder.resolve("names"), changed);
        }
    }

    /** Removes a template, its names, and the layers that no other template has. */
    void remove(String hex) throws IOException {
        try (var _ = layers.lockAll(LockFile.Kind.EXCLUSIVE, NAMES_WAIT)) {
            try (var _ = lockNames();
                    var draft = layers.begin()) {
                var changed = new TreeMap<>(names());
                changed.values().removeIf(hex::equals);
                draft.replace(folder.resolve("names"), changed);
            }
            Files.deleteIfExists(folder.resolve(hex + SUFFIX));
            keepUsedLayers();
        }
    }

    /** As {@link #remove}, unless somebody has given it a name. */
    void removeUnlessNamed(String hex) throws IOException {
        try (var _ = layers.lockAll(LockFile.Kind.EXCLUSIVE, NAMES_WAIT)) {
            if (!names().containsValue(hex)) {
                Files.deleteIfExists(folder.resolve(hex + SUFFIX));
                keepUsedLayers();
            }
        }
    }

    private void keepUsedLayers() throws IOException {
        Set<String> used = new HashSet<>();
        for (String digest : digests()) {
            entry(digest).ifPresent(entry -> used.addAll(entry.layers));
        }
        layers.keepOnly(used);
    }

    /**
     * Removes what imports have left that were killed: layers without a template, templates that were to have a name;
     * not while others are at work.
     */
    void removeUnused() throws IOException {
        var lock = layers.tryLockAll();
        if (lock.isPresent()) {
            try (var _ = lock.get()) {
                removeHalfMade();
                keepUsedLayers();
            }
        }
    }

    private LockFile lockNames() throws IOException {
        return LockFile.acquire(
                folder.resolve("names.lock"),
                LockFile.Kind.EXCLUSIVE,
                NAMES_WAIT,
                "another process is naming a template");
    }

    Optional<CurrentBase> currentBase() throws IOException {
        return Records.read(folder.resolve("current-base"))
                .map(values -> new CurrentBase(values.getOrDefault("fingerprint", ""), values.getOrDefault("hex", "")));
    }

    void setCurrentBase(CurrentBase current) throws IOException {
        try (var draft = layers.begin()) {
            draft.replace(
                    folder.resolve("current-base"), Map.of("fingerprint", current.fingerprint, "hex", current.hex));
        }
    }
}
