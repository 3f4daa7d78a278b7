package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Brings an image on disk into the store. Layers are unpacked into drafts; only when all of them are verified do they
 * get their names, so that a failed import leaves nothing.
 */
final class ImageImport {
    /** Part of the digest: raise it when the same image would give another tree. */
    private static final int VERSION = 1;

    private static final Duration OTHERS_WAIT = Duration.ofMinutes(15);

    private final LayerStore layers;
    private final TemplateIndex index;
    private final ImportBudget budget;
    private final Deque<Made> made = new ArrayDeque<>();

    private ImageImport(LayerStore layers, TemplateIndex index, ImportBudget budget) {
        this.layers = layers;
        this.index = index;
        this.budget = budget;
    }

    private record Made(String hex, LayerStore.Draft draft, LayerFacts facts) {}

    /** The digest of the new (or known) template. Imports into one store take turns. */
    static String run(LayerStore layers, TemplateIndex index, Source source) throws IOException {
        try (var _ = layers.lockImport(OTHERS_WAIT)) {
            index.removeUnused();
            try (var _ = layers.lockAll(LockFile.Kind.SHARED, OTHERS_WAIT)) {
                var one = new ImageImport(layers, index, new ImportBudget(source.limits, layers.folder()));
                try {
                    return one.run(source);
                } finally {
                    for (Made layer : one.made) {
                        layer.draft.close();
                    }
                }
            }
        }
    }

    /** Where an image is, which of them, and what it may cost. */
    record Source(Path image, Optional<String> name, ImportLimits limits) {}

    private String run(Source source) throws IOException {
        try (var scratch = layers.begin()) {
            var files = ImageFiles.open(source.image, scratch.scratch(), budget);
            Image image = new ImageDocuments(files, source.limits).read(source.name);
            var hexes = new ArrayDeque<String>();
            var trees = new ArrayDeque<Path>();
            for (Image.Layer layer : image.layers()) {
                hexes.addFirst(layer.diffId());
                trees.addFirst(layer(files, layer));
            }
            var accounts = new AccountsLayer(new TreeView(List.copyOf(trees))).needed();
            if (accounts.isPresent()) {
                var draft = layers.begin();
                made.add(new Made(accounts.get().digest(), draft, accounts.get().facts()));
                accounts.get().write(draft.tree());
                hexes.addFirst(accounts.get().digest());
            }
            String hex = digest(image, List.copyOf(hexes));
            for (Made layer : made) {
                if (!layers.has(layer.hex)) {
                    layer.draft.publish(layer.hex, layer.facts);
                }
            }
            var entry = new TemplateIndex.Entry(hex, List.copyOf(hexes), image.defaults(), false);
            if (source.name.isPresent()) {
                index.put(entry, source.name.get());
            } else {
                index.put(entry);
            }
            return hex;
        }
    }

    private static String digest(Image image, List<String> hexes) {
        String text = "skerry image " + VERSION + "\n" + image.configDigest() + "\n" + String.join("\n", hexes);
        return Digests.sha256(text.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Where the layer's tree is. A known layer is read and verified all the same: who imports must have what he names.
     */
    private Path layer(ImageFiles files, Image.Layer layer) throws IOException {
        var earlier =
                made.stream().filter(one -> one.hex.equals(layer.diffId())).findFirst();
        if (earlier.isPresent() || layers.has(layer.diffId())) {
            read(files, layer, Optional.empty());
            return earlier.map(one -> one.draft.tree()).orElseGet(() -> layers.tree(layer.diffId()));
        }
        var draft = layers.begin();
        try {
            LayerFacts facts = read(files, layer, Optional.of(draft.tree()));
            made.add(new Made(layer.diffId(), draft, facts));
            return draft.tree();
        } catch (IOException | RuntimeException e) {
            draft.close();
            throw e;
        }
    }

    /** Reads a whole layer, unpacking it where a tree is given, and compares both digests. */
    private LayerFacts read(ImageFiles files, Image.Layer layer, Optional<Path> tree) throws IOException {
        try (var stored = new HashingInputStream(files.open(layer.file()), count -> {});
                var peekable = new BufferedInputStream(stored, 64 << 10)) {
            var compression = Compression.of(peekable);
            try (var plain = new HashingInputStream(compression.expand(peekable), budget::stream)) {
                var facts = tree.isPresent() ? unpack(plain, tree.get()) : new LayerFacts(false, 0, 0, List.of());
                compare(layer, "uncompressed content", plain.drain(), layer.diffId());
                // Behind a compressed stream there may be more, which belongs to the file all the same.
                long ignored = peekable.transferTo(OutputStream.nullOutputStream());
                String digest = stored.drain();
                if (layer.digest().isPresent()) {
                    compare(layer, "file", digest, layer.digest().get());
                }
                return facts;
            }
        } catch (NativeError e) {
            throw e;
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "layer '" + layer.file() + "' cannot be read: " + e.getMessage(),
                    "copy the image again, whole",
                    e);
        }
    }

    private LayerFacts unpack(InputStream plain, Path tree) throws IOException {
        try (var root = Folder.open(tree);
                var unpacker = new LayerUnpacker(root, budget)) {
            return unpacker.unpack(new TarReader(plain));
        }
    }

    private static void compare(Image.Layer layer, String what, String found, String stated) {
        if (!found.equals(stated)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the " + what + " of layer '" + layer.file() + "' has the digest sha256:" + found + ", not sha256:"
                            + stated,
                    "the image is damaged or forged; nothing of it was kept");
        }
    }
}
