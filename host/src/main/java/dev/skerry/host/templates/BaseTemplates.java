package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Finds the current {@code base}, or makes it when the host's packages have changed. */
final class BaseTemplates {
    private static final Duration STORE_WAIT = Duration.ofMinutes(2);
    /** A package manager at work changes its database every few seconds; a base must be of one state. */
    private static final int ATTEMPTS_MAX = 3;

    private final Path hostRoot;
    private final LayerStore layers;
    private final TemplateIndex index;
    private volatile Optional<WithSudo> withSudo = Optional.empty();

    BaseTemplates(Path hostRoot, LayerStore layers, TemplateIndex index) {
        this.hostRoot = hostRoot;
        this.layers = layers;
        this.index = index;
    }

    Template current() throws IOException {
        PackageDatabase packages = packages();
        for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
            String fingerprint = packages.fingerprint();
            var known = known(fingerprint);
            if (known.isPresent()) {
                return known.get();
            }
            try (var _ = layers.lockAll(LockFile.Kind.SHARED, STORE_WAIT)) {
                String hex = digest(packages);
                try (var _ = layers.lock(hex)) {
                    if (layers.has(hex) || make(hex, packages, fingerprint)) {
                        index.put(new TemplateIndex.Entry(hex, List.of(hex), BaseEtc.defaults(), true));
                        index.setCurrentBase(new TemplateIndex.CurrentBase(version(fingerprint), hex));
                    }
                }
            }
        }
        return known(packages.fingerprint())
                .orElseThrow(() -> new Failure(
                        ErrorCode.CONFLICT,
                        "the host's package database changed " + ATTEMPTS_MAX + " times while 'base' was being made",
                        "wait until the package manager has finished"));
    }

    private Optional<Template> known(String fingerprint) throws IOException {
        var current = index.currentBase();
        return current.isPresent() && current.get().fingerprint().equals(version(fingerprint))
                ? index.template(current.get().hex())
                : Optional.empty();
    }

    /** The same base under one layer more; the base itself where the host has no sudo. */
    Template withSudo(Template base) throws IOException {
        // Another sudo is another package, and so another base.
        var known = withSudo;
        if (known.isPresent() && known.get().base().equals(base.digest())) {
            var template = index.template(known.get().hex());
            if (template.isPresent()) {
                return template.get();
            }
        }
        Template made = makeWithSudo(base);
        withSudo =
                Optional.of(new WithSudo(base.digest(), made.digest().substring(TemplateIndex.DIGEST_PREFIX.length())));
        return made;
    }

    private record WithSudo(String base, String hex) {}

    private Template makeWithSudo(Template base) throws IOException {
        var sudo = SudoLayer.of(hostRoot, base);
        if (sudo.isEmpty()) {
            return base;
        }
        String baseHex = base.digest().substring(TemplateIndex.DIGEST_PREFIX.length());
        String layer = sudo.get().digest();
        String hex =
                Digests.sha256(("skerry base with sudo\n" + layer + "\n" + baseHex).getBytes(StandardCharsets.UTF_8));
        var known = index.template(hex);
        if (known.isPresent()) {
            return known.get();
        }
        try (var _ = layers.lockAll(LockFile.Kind.SHARED, STORE_WAIT);
                var _ = layers.lock(layer)) {
            if (!layers.has(layer)) {
                try (var draft = layers.begin()) {
                    draft.publish(layer, sudo.get().write(draft.tree()));
                }
            }
            index.put(new TemplateIndex.Entry(hex, List.of(layer, baseHex), base.defaults(), true));
        }
        return index.template(hex)
                .orElseThrow(() -> new Failure(ErrorCode.CONFLICT, "'base' was removed while sudo was added to it"));
    }

    /** A new version of Skerry must not take the old one's tree for its own. */
    private static String version(String fingerprint) {
        return BaseTree.VERSION + "\n" + fingerprint;
    }

    /** False if the packages changed meanwhile. */
    private boolean make(String hex, PackageDatabase packages, String fingerprint) throws IOException {
        try (var draft = layers.begin()) {
            LayerFacts facts = new BaseTree(hostRoot, draft.tree(), packages.contents()).build();
            if (!packages.fingerprint().equals(fingerprint)) {
                return false;
            }
            draft.publish(hex, facts);
            return true;
        }
    }

    /** Whether a base made earlier is what a new sandbox would get now. */
    boolean isCurrent(String hex) throws IOException {
        PackageDatabase packages = packages();
        var known = known(packages.fingerprint());
        if (known.isEmpty()) {
            return digest(packages).equals(hex);
        }
        String given = TemplateIndex.DIGEST_PREFIX + hex;
        return known.get().digest().equals(given)
                || withSudo(known.get()).digest().equals(given);
    }

    private static String digest(PackageDatabase packages) throws IOException {
        String text = "skerry base " + BaseTree.VERSION + "\n" + packages.identity();
        return Digests.sha256(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private PackageDatabase packages() {
        if (Files.isRegularFile(hostRoot.resolve("var/lib/dpkg/status"))) {
            return new DpkgDatabase(hostRoot);
        }
        throw new Failure(
                ErrorCode.UNSUPPORTED,
                "'base' shows the packages of Debian and its relatives; this host has no dpkg database",
                "import an OCI image and name it as the template");
    }
}
