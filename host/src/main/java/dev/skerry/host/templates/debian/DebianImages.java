package dev.skerry.host.templates.debian;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/**
 * Makes images of Debian's packages, from the sources of this machine's apt. Needs root and mmdebstrap. All methods
 * throw {@link Failure}: {@code UNSUPPORTED} when a program is missing or fails, {@code NO_SPACE} when the disk is
 * full.
 */
public final class DebianImages {
    private static final String FULL = "No space left on device";

    private final Path apt;
    private final InstantSource clock;
    private final Program mmdebstrap;
    private final Program aptConfig;
    private final Program tar;
    private final Program remove;

    /**
     * @param apt {@code /etc/apt}
     * @param path folders with programs, as in the variable of that name
     */
    public DebianImages(Path apt, String path, InstantSource clock) {
        this.apt = apt;
        this.clock = clock;
        this.mmdebstrap = Program.find("mmdebstrap", path, "mmdebstrap");
        this.aptConfig = Program.find("apt-config", path, "apt");
        this.tar = Program.find("tar", path, "tar");
        this.remove = Program.find("rm", path, "coreutils");
    }

    /**
     * Writes the archive of an OCI image with these packages and all that they need.
     *
     * @param work a folder for this alone, on a disk with room for all of it unpacked; nothing of it is left, also not
     *     of what it had before
     * @param cache a folder that keeps the packages that were fetched
     * @return SHA-256 of the archive, in hexadecimal digits
     */
    public String make(List<String> packages, Path work, Path cache, Path archive) throws InterruptedException {
        try {
            Files.createDirectories(work);
            remove(work);
            Files.createDirectory(work);
            try {
                return made(packages, work, cache, archive);
            } finally {
                remove(work);
            }
        } catch (IOException e) {
            throw failure(work, e);
        }
    }

    private String made(List<String> packages, Path work, Path cache, Path archive)
            throws IOException, InterruptedException {
        Path tree = work.resolve("tree");
        Path compressed = work.resolve("layer.tar.gz");
        Path log = work.resolve("tar.log");
        var started = clock.instant();
        new DebianTree(mmdebstrap, AptSetup.read(apt, told(work))).make(packages, cache, tree);
        var layer = new ImageArchive.Layer(compressed);
        try (layer) {
            new LayerTar(tar, tree).read(started, log, layer::add);
        }
        return ImageArchive.write(layer, archive);
    }

    private String told(Path work) throws IOException, InterruptedException {
        var text = new ByteArrayOutputStream();
        aptConfig.run(List.of("dump"), work.resolve("apt-config.log"), output -> output.transferTo(text));
        return text.toString(StandardCharsets.UTF_8);
    }

    /** With all that is in it, but nothing of another file system that somebody has put there. */
    private void remove(Path folder) throws IOException, InterruptedException {
        Path log = folder.resolveSibling(folder.getFileName() + ".log");
        remove.run(List.of("-rf", "--one-file-system", "--", folder.toString()), log, _ -> {});
        Files.deleteIfExists(log);
    }

    private static Failure failure(Path folder, IOException cause) {
        return String.valueOf(cause.getMessage()).contains(FULL)
                ? new Failure(ErrorCode.NO_SPACE, "the disk of " + folder + " is full", "free some space", cause)
                : new Failure(ErrorCode.UNSUPPORTED, "making an image in " + folder + ": " + cause, cause);
    }
}
