package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the tree of {@code base}: the packages' files as links, the administrator's choices among packages, and a
 * written {@code /etc}.
 */
final class BaseTree {
    /** Part of the digest: raise it when the same packages would give another tree. */
    static final int VERSION = 2;

    private static final Logger LOG = LoggerFactory.getLogger(BaseTree.class);
    private static final List<String> MERGED = List.of("bin", "sbin", "lib", "lib32", "lib64", "libx32");
    private static final long LDCONFIG_SECONDS = 60;

    private final Path hostRoot;
    private final Path tree;
    private final PackageDatabase.Contents contents;

    BaseTree(Path hostRoot, Path tree, PackageDatabase.Contents contents) {
        this.hostRoot = hostRoot;
        this.tree = tree;
        this.contents = contents;
    }

    LayerFacts build() throws IOException {
        var notes = new ArrayList<String>();
        try (var root = Folder.open(tree);
                var farm = new LinkFarm(hostRoot, root)) {
            skeleton(root);
            farm.add(contents.files());
            for (String path : contents.files()) {
                // iconvconfig(8) writes the cache, no package owns it.
                if (path.endsWith("/gconv/gconv-modules")) {
                    farm.addCopy(path + ".cache");
                }
            }
            farm.addCopy("usr/lib/locale/locale-archive");
            for (var alternative : contents.alternatives()) {
                choose(root, alternative);
            }
            new PristineFiles(hostRoot, root).add(contents.pristine());
            certificates(root);
            if (farm.copied() > 0) {
                LOG.atInfo()
                        .addKeyValue("files", farm.copied())
                        .addKeyValue("bytes", farm.copiedBytes())
                        .log("base could not use hard links: the data folder and /usr are on different file systems");
            }
            if (!makeLibraryCache()) {
                notes.add("no /etc/ld.so.cache: ldconfig is missing or failed");
            }
            return new LayerFacts(false, farm.linked() + farm.copied(), farm.copiedBytes(), notes);
        }
    }

    private void skeleton(Folder root) throws IOException {
        for (var folder : new TreeMap<>(BaseEtc.FOLDERS).entrySet()) {
            Folder.check(Libc.makeFolder(root.descriptor(), folder.getKey(), 0700), "mkdir", folder.getKey());
            root.setOwnerAndMode(folder.getKey(), 0, 0, folder.getValue());
        }
        for (String name : MERGED) {
            Path given = hostRoot.resolve(name);
            if (Files.isSymbolicLink(given)) {
                root.symlink("usr/" + name, name);
            } else if (Files.exists(given)) {
                throw new Failure(
                        ErrorCode.UNSUPPORTED,
                        "'" + given + "' is not a link into /usr, so the host's folders cannot be shown as 'base'",
                        "install the package usrmerge, or import an OCI image and name it as the template");
            }
        }
        for (var file : BaseEtc.FILES.entrySet()) {
            writeText(root, file.getKey(), file.getValue());
        }
        for (var link : BaseEtc.LINKS.entrySet()) {
            root.symlink(link.getValue(), link.getKey());
        }
        for (String path : BaseEtc.OF_USER) {
            Folder.check(Libc.changeOwner(root.descriptor(), path, 1000, 1000), "chown", path);
        }
    }

    private static void writeText(Folder root, String path, String text) throws IOException {
        int slash = path.lastIndexOf('/');
        try (var folder = root.beneath(path.substring(0, slash))) {
            folder.write(path.substring(slash + 1), text.getBytes(StandardCharsets.US_ASCII), 0644);
        }
    }

    /** The administrator's choice if it is a package's program, else the best of those that are. */
    private void choose(Folder root, PackageDatabase.Alternative alternative) throws IOException {
        String chosen = Libc.readLink(
                        Libc.AT_FDCWD,
                        Folder.bytesOf(hostRoot) + "/etc/alternatives/"
                                + alternative.links().getFirst().name())
                .orElse("");
        var view = new TreeView(List.of(tree));
        var available = alternative.choices().stream()
                .filter(choice ->
                        view.find(Folder.readable(choice.targets().getFirst())).isPresent())
                .toList();
        var best = available.stream()
                .filter(choice -> choice.targets().getFirst().equals(chosen))
                .findFirst()
                .or(() ->
                        available.stream().max(Comparator.comparingInt(PackageDatabase.Alternative.Choice::priority)));
        if (best.isEmpty()) {
            return;
        }
        for (int i = 0; i < alternative.links().size(); i++) {
            var link = alternative.links().get(i);
            String target = best.get().targets().get(i);
            boolean shown = link.path().startsWith("usr/") && !LinkFarm.excluded(link.path());
            if (shown && view.find(Folder.readable(target)).isPresent()) {
                linkIfFree(root, link.path(), "/etc/alternatives/" + link.name());
                linkIfFree(root, "etc/alternatives/" + link.name(), target);
            }
        }
    }

    /** Where the name exists, or its folder does not or lies behind a link, a package knows better than the choice. */
    private static void linkIfFree(Folder root, String path, String target) throws IOException {
        int slash = path.lastIndexOf('/');
        try (var folder = root.beneath(path.substring(0, slash))) {
            Libc.symlink(target, folder.descriptor(), path.substring(slash + 1));
        } catch (NativeError e) {
            LOG.atDebug().addKeyValue("link", path).log("no place for an alternative");
        }
    }

    /** The bundle and the links to packaged certificates; not the host's own certificate, which names the host. */
    private void certificates(Folder root) throws IOException {
        var files = new PristineFiles(hostRoot, root);
        files.copy("etc/ssl/certs/ca-certificates.crt");
        files.copy("etc/ssl/certs/java/cacerts");
        Path certificates = hostRoot.resolve("etc/ssl/certs");
        if (!Files.isDirectory(certificates)) {
            return;
        }
        var targets = new TreeMap<String, String>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(certificates)) {
            for (Path entry : entries) {
                if (Files.isSymbolicLink(entry)) {
                    targets.put(
                            Folder.bytesOf(certificates.relativize(entry)),
                            Folder.bytesOf(Files.readSymbolicLink(entry)));
                }
            }
        }
        linkCertificates(root, targets);
    }

    /** First the links to packaged files, then the hash links to those. */
    private static void linkCertificates(Folder root, Map<String, String> targets) throws IOException {
        try (var folder = root.beneath("etc/ssl/certs")) {
            for (var link : targets.entrySet()) {
                String target = link.getValue();
                if (target.startsWith("/usr/share/ca-certificates/")
                        && root.stat(target.substring(1)).isPresent()) {
                    folder.symlink(target, link.getKey());
                }
            }
            for (var link : targets.entrySet()) {
                if (!link.getValue().contains("/")
                        && folder.stat(link.getValue()).isPresent()) {
                    folder.symlink(link.getValue(), link.getKey());
                }
            }
        }
    }

    /** Made anew by the host's own ldconfig, for the host's cache names libraries that are not shown. */
    private boolean makeLibraryCache() throws IOException {
        Path program = hostRoot.resolve("usr/sbin/ldconfig");
        if (!Files.isExecutable(program)) {
            return false;
        }
        var builder = new ProcessBuilder(program.toString(), "-X", "-r", tree.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().clear();
        Process process = builder.start();
        process.getOutputStream().close();
        try {
            if (process.waitFor(LDCONFIG_SECONDS, TimeUnit.SECONDS)) {
                return process.exitValue() == 0;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        return false;
    }
}
