package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Nearest;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The templates of one data folder: trees in {@code layers/}, what they are called in {@code templates/}.
 *
 * <p>Safe for several processes and threads at once, and against the death of any of them at any moment: everything is
 * made in a locked temporary folder and renamed. Needs root. All methods throw {@link Failure}: {@code NO_SPACE} when
 * the disk is full, {@code DEADLINE_EXCEEDED} when another process holds a lock too long, {@code INTERNAL} when the
 * disk fails.
 */
public final class TemplateStore {
    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_.:/-]{0,127}");
    private static final Pattern DIGEST = Pattern.compile("(?:sha256:)?([0-9a-f]{12,64})");
    private static final int SUGGESTIONS_MAX = 3;

    private final LayerStore layers;
    private final TemplateIndex index;
    private final BaseTemplates bases;

    private TemplateStore(Path dataFolder, Path hostRoot) throws IOException {
        this.layers = LayerStore.open(dataFolder.resolve("layers"));
        this.index = new TemplateIndex(dataFolder.resolve("templates"), layers);
        this.bases = new BaseTemplates(hostRoot, layers, index);
    }

    /** Makes the folders where they are missing, and removes what a killed process left half made. */
    public static TemplateStore open(Path dataFolder) {
        return open(dataFolder, Path.of("/"));
    }

    /** @param hostRoot whose packages {@code base} shows */
    static TemplateStore open(Path dataFolder, Path hostRoot) {
        try {
            return new TemplateStore(dataFolder.toAbsolutePath(), hostRoot);
        } catch (IOException e) {
            throw failure("opening the template store in '" + dataFolder + "'", e);
        }
    }

    /**
     * The view of the host's own packages. Found in about a millisecond while the package database is unchanged, made
     * anew (seconds) when it has changed. {@code UNSUPPORTED} on a host without dpkg.
     */
    public Template base() {
        try {
            return bases.current();
        } catch (IOException e) {
            throw failure("making the template 'base'", e);
        }
    }

    /**
     * {@link #base} with a sudo that works for {@code user}, without a password; without sudo where the host has not
     * the package of that name.
     */
    public Template baseWithSudo() {
        try {
            return bases.withSudo(bases.current());
        } catch (IOException e) {
            throw failure("making the template 'base' with sudo", e);
        }
    }

    /** When a template was made here. */
    public Instant createdAt(Template template) {
        try {
            return index.createdAt(template.digest().substring(TemplateIndex.DIGEST_PREFIX.length()));
        } catch (IOException e) {
            throw failure("reading template '" + template.digest() + "'", e);
        }
    }

    /**
     * Whether a new sandbox asking for this template's name would get this very one. False for a {@code base} of other
     * packages.
     */
    public boolean isCurrent(Template template) {
        try {
            String hex = template.digest().substring(TemplateIndex.DIGEST_PREFIX.length());
            if (template.name().equals(Template.BASE)) {
                return bases.isCurrent(hex);
            }
            return template.name().isEmpty() || hex.equals(index.names().get(template.name()));
        } catch (IOException e) {
            throw failure("comparing template '" + template.name() + "' with the store", e);
        }
    }

    /**
     * {@code base}, a name given at import, or a digest ({@code sha256:} may be missing, and 12 digits are enough while
     * they are unique). {@code NOT_FOUND} names the nearest known names.
     */
    public Template find(String nameOrDigest) {
        if (nameOrDigest.equals(Template.BASE)) {
            return base();
        }
        try {
            String hex = hexOf(nameOrDigest);
            boolean named = hex.equals(index.names().get(nameOrDigest));
            return index.template(hex)
                    .map(template -> named ? template.called(nameOrDigest) : template)
                    .orElseThrow(() -> new Failure(
                            ErrorCode.NOT_FOUND,
                            "layers of template '" + nameOrDigest + "' are missing from " + layers.folder(),
                            "import it again"));
        } catch (IOException e) {
            throw failure("reading template '" + nameOrDigest + "'", e);
        }
    }

    private String hexOf(String nameOrDigest) throws IOException {
        String named = index.names().get(nameOrDigest);
        if (named != null) {
            return named;
        }
        var matcher = DIGEST.matcher(nameOrDigest);
        if (matcher.matches()) {
            var known = index.digests().stream()
                    .filter(hex -> hex.startsWith(matcher.group(1)))
                    .toList();
            if (known.size() == 1) {
                return known.getFirst();
            }
        }
        var names = new TreeSet<>(index.names().keySet());
        names.add(Template.BASE);
        List<String> nearest = Nearest.to(nameOrDigest, names, SUGGESTIONS_MAX);
        throw new Failure(
                ErrorCode.NOT_FOUND, "no template '" + nameOrDigest + "'", "known is: " + String.join(", ", nearest));
    }

    /**
     * Unpacks an image for this machine's architecture from an OCI image layout (a folder, or a tar archive of one,
     * also what {@code docker save} writes). The image is hostile input: see {@link ImportLimits};
     * {@code INVALID_REQUEST} and {@code LIMIT_EXCEEDED} name what is wrong with it, and a failed import leaves
     * nothing. Importing the same image again finds the template it made.
     *
     * @param name under which to find it; also says which image, where the layout holds several by name. An earlier
     *     template of that name keeps only its digest.
     */
    public Template importOci(Path layoutFolderOrArchive, Optional<String> name, ImportLimits limits) {
        name.ifPresent(TemplateStore::requireName);
        try {
            String hex = ImageImport.run(layers, index, new ImageImport.Source(layoutFolderOrArchive, name, limits));
            Template template = index.template(hex).orElseThrow();
            return name.map(template::called).orElse(template);
        } catch (IOException e) {
            throw failure("importing '" + layoutFolderOrArchive + "'", e);
        }
    }

    private static void requireName(String name) {
        if (!NAME.matcher(name).matches() || DIGEST.matcher(name).matches() || name.equals(Template.BASE)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + name + "' cannot be the name of a template",
                    "use up to 128 of a-z, 0-9, '_', '.', ':', '/' and '-', starting with a letter or digit;"
                            + " not 'base', and nothing that looks like a digest");
        }
    }

    /** Every imported template by each of its names: one that has two is there twice. */
    public List<Template> named() {
        try {
            var found = new ArrayList<Template>();
            for (Map.Entry<String, String> name : index.names().entrySet()) {
                index.template(name.getValue())
                        .map(template -> template.called(name.getKey()))
                        .ifPresent(found::add);
            }
            return found;
        } catch (IOException e) {
            throw failure("listing the templates", e);
        }
    }

    /** When templates or their names changed last; another one each time, but for changes in the same few ms. */
    public FileTime changed() {
        try {
            return index.changed();
        } catch (IOException e) {
            throw failure("looking at the templates", e);
        }
    }

    /** {@link #named}, and those that no import named: the bases, and what is only there by its digest. */
    public List<Template> shown() {
        var found = new ArrayList<>(named());
        for (Template template : list()) {
            if (template.name().isEmpty() || template.name().equals(Template.BASE)) {
                found.add(template);
            }
        }
        return found;
    }

    /** Every template on disk, the bases of earlier package states among them. */
    public List<Template> list() {
        try {
            var found = new ArrayList<Template>();
            for (String hex : index.digests()) {
                index.template(hex).ifPresent(found::add);
            }
            return found;
        } catch (IOException e) {
            throw failure("listing the templates", e);
        }
    }

    /**
     * Removes a template and the layers that only it has; by one of several names it loses that name and stays. The
     * caller knows that no sandbox uses it. {@code NOT_FOUND} as in {@link #find}.
     */
    public void remove(String nameOrDigest) {
        try {
            if (index.unname(nameOrDigest)) {
                return;
            }
            var base = nameOrDigest.equals(Template.BASE)
                    ? index.currentBase()
                    : Optional.<TemplateIndex.CurrentBase>empty();
            index.remove(base.isPresent() ? base.get().hex() : hexOf(nameOrDigest));
        } catch (IOException e) {
            throw failure("removing template '" + nameOrDigest + "'", e);
        }
    }

    /** Takes one of several names of a template away; false, and nothing has changed, if it has no other. */
    public boolean unname(String name) {
        try {
            return index.unname(name);
        } catch (IOException e) {
            throw failure("taking the name '" + name + "' away", e);
        }
    }

    /**
     * Removes a template that its caller has imported without a name, to look at it; not if it has one by now, whoever
     * gave it that.
     */
    public void removeUnlessNamed(String digest) {
        try {
            index.removeUnlessNamed(digest.substring(TemplateIndex.DIGEST_PREFIX.length()));
        } catch (IOException e) {
            throw failure("removing template '" + digest + "'", e);
        }
    }

    static Failure failure(String doing, IOException cause) {
        if (cause instanceof NativeError error && error.noSpace()) {
            return new Failure(ErrorCode.NO_SPACE, doing + ": the disk is full", "free some space", cause);
        }
        if (cause instanceof NativeError error && error.errno() == NativeError.EPERM && Libc.effectiveUid() != 0) {
            return new Failure(ErrorCode.DENIED, doing + ": " + cause.getMessage(), "run it as root", cause);
        }
        return new Failure(ErrorCode.INTERNAL, doing + ": " + cause.getMessage(), cause);
    }
}
