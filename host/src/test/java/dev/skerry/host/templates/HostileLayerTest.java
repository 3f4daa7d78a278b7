package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each of these images attacks the host that imports it. A refused one must leave nothing; none may touch anything outside its tree. */
class HostileLayerTest {
    @TempDir
    private Path temporary;

    private Path victim;
    private Path data;
    private TemplateStore store;

    @BeforeEach
    void prepare() throws IOException {
        victim = Files.createDirectory(temporary.resolve("victim"));
        Files.writeString(victim.resolve("secret"), "untouched");
        data = temporary.resolve("data");
        store = TemplateStore.open(data);
    }

    @AfterEach
    void nothingOutsideWasTouched() throws IOException {
        assertThat(Files.readString(victim.resolve("secret"))).isEqualTo("untouched");
        assertThat((int) Files.getAttribute(victim.resolve("secret"), "unix:nlink"))
                .isEqualTo(1);
        try (var files = Files.list(victim)) {
            assertThat(files).hasSize(1);
        }
    }

    private Failure refused(byte[] tar) throws IOException {
        return refused(layout().gzip(tar), ImportLimits.DEFAULT);
    }

    private LayoutOnDisk layout() throws IOException {
        return new LayoutOnDisk(Files.createTempDirectory(temporary, "layout"));
    }

    private Failure refused(LayoutOnDisk layout, ImportLimits limits) throws IOException {
        Path image = layout.build();
        var failure = catchThrowableOfType(Failure.class, () -> store.importOci(image, Optional.of("evil"), limits));
        assertThat(failure).isNotNull();
        assertThat(left())
                .as("left in the store after: " + failure.getMessage())
                .isEmpty();
        assertThat(store.list()).isEmpty();
        return failure;
    }

    /** Everything in the store but its locks. */
    private Set<String> left() throws IOException {
        var found = new TreeSet<String>();
        try (var files = Files.walk(data)) {
            files.map(file -> data.relativize(file).toString()).forEach(found::add);
        }
        found.removeIf(name -> name.contains("/.locks") || name.endsWith(".lock"));
        found.removeAll(List.of("", "layers", "layers/.tmp", "templates"));
        return found;
    }

    private Path imported(byte[] tar) throws IOException {
        Path image = layout().plain(tar).build();
        return store.importOci(image, Optional.empty(), ImportLimits.DEFAULT)
                .lowerLayers()
                .getLast();
    }

    @Test
    void namesThatClimbOutAreRefused() throws IOException {
        String up = "../".repeat(20) + victim.toString().substring(1);
        assertThat(refused(new TarLayer().file(up + "/planted", "x").build())).hasMessageContaining("climbs");
        assertThat(refused(new TarLayer().file("a/../../planted", "x").build())).hasMessageContaining("climbs");
        assertThat(refused(new TarLayer().folder("..").build())).hasMessageContaining("climbs");
        assertThat(refused(new TarLayer().file(victim + "/planted", "x").build()))
                .hasMessageContaining("is absolute");
        assertThat(refused(new TarLayer().symlink("../planted", "/etc").build()))
                .hasMessageContaining("climbs");
    }

    @Test
    void linksPlantedEarlierAreNotFollowed() throws IOException {
        assertThat(refused(new TarLayer()
                        .symlink("d", victim.toString())
                        .file("d/planted", "x")
                        .build()))
                .hasMessageContaining("behind 'd'");
        assertThat(refused(new TarLayer().symlink("d", "..").folder("d/x").build()))
                .hasMessageContaining("behind 'd'");
        assertThat(refused(new TarLayer()
                        .symlink("d", victim.toString())
                        .file("d/.wh.secret", "")
                        .build()))
                .hasMessageContaining("behind 'd'");
        assertThat(refused(new TarLayer()
                        .symlink("d", victim.toString())
                        .file("d/.wh..wh..opq", "")
                        .build()))
                .hasMessageContaining("behind 'd'");
        assertThat(refused(new TarLayer().file("d", "file").file("d/below", "x").build()))
                .hasMessageContaining("behind 'd'");
    }

    /** The parent is a folder when its first file comes, and a link to the victim when the second does. */
    @Test
    void aFolderThatBecomesALinkIsNotFollowed() throws IOException {
        byte[] tar = new TarLayer()
                .folder("d")
                .file("d/first", "x")
                .symlink("d", victim.toString())
                .file("d/planted", "x")
                .build();
        assertThat(refused(tar)).hasMessageContaining("behind 'd'");
        byte[] deep = new TarLayer()
                .folder("a/b/c")
                .file("a/b/c/first", "x")
                .symlink("a", victim.getParent().toString())
                .file("a/b/c/second", "x")
                .build();
        assertThat(refused(deep)).hasMessageContaining("behind 'a'");
    }

    /** A file over a link replaces the link; its attributes do not go through it either. */
    @Test
    void aFileOverALinkReplacesTheLink() throws IOException {
        Path tree = imported(new TarLayer()
                .symlink("l", victim.resolve("secret").toString())
                .file("l", "mine", entry -> entry.setMode(04777))
                .symlink("m", victim.toString())
                .folder("m")
                .build());
        assertThat(tree.resolve("l")).isRegularFile().hasContent("mine");
        assertThat(Files.isDirectory(tree.resolve("m"), LinkOption.NOFOLLOW_LINKS))
                .isTrue();
        assertThat((int) Files.getAttribute(victim.resolve("secret"), "unix:mode") & 07777)
                .isNotEqualTo(04777);
    }

    @Test
    void hardLinksReachOnlyFilesOfTheirLayer() throws IOException {
        assertThat(refused(new TarLayer().hardLink("h", victim + "/secret").build()))
                .hasMessageContaining("is absolute");
        assertThat(refused(new TarLayer().hardLink("h", "../victim/secret").build()))
                .hasMessageContaining("climbs");
        assertThat(refused(new TarLayer().hardLink("h", "missing").build()))
                .hasMessageContaining("no file of the same layer");
        assertThat(refused(new TarLayer().hardLink("h", "h").build())).hasMessageContaining("itself");
        assertThat(refused(new TarLayer().folder("d").hardLink("h", "d").build()))
                .hasMessageContaining("no file");
        byte[] behindLink = new TarLayer()
                .symlink("d", victim.toString())
                .hardLink("h", "d/secret")
                .build();
        assertThat(refused(behindLink)).hasMessageContaining("no file of the same layer");
        byte[] toWhiteout = new TarLayer().file(".wh.w", "").hardLink("h", "w").build();
        assertThat(refused(toWhiteout)).hasMessageContaining("no file of the same layer");
    }

    /** A hard link to a link is the link; writing "through" it makes a new file. */
    @Test
    void aHardLinkToALinkIsNeverWrittenThrough() throws IOException {
        Path tree = imported(new TarLayer()
                .symlink("l", victim.resolve("secret").toString())
                .hardLink("h", "l")
                .file("h", "mine")
                .build());
        assertThat(tree.resolve("h")).isRegularFile().hasContent("mine");
        assertThat(Files.isSymbolicLink(tree.resolve("l"))).isTrue();
    }

    @Test
    void aFileOverItsHardLinkDoesNotChangeTheOther() throws IOException {
        Path tree = imported(new TarLayer()
                .file("a", "one")
                .hardLink("b", "a")
                .file("a", "two")
                .build());
        assertThat(tree.resolve("a")).hasContent("two");
        assertThat(tree.resolve("b")).hasContent("one");
    }

    @Test
    void laterEntriesReplaceEarlierOnesWhateverTheyAre() throws IOException {
        Path tree = imported(new TarLayer()
                .file("twice", "one")
                .file("twice", "two")
                .folder("folder/inner")
                .file("folder/inner/file", "x")
                .file("folder", "now a file")
                .file("file", "x")
                .folder("file")
                .file("file/inner", "y")
                .folder("kept")
                .file("kept/file", "z")
                .folder("kept")
                .build());
        assertThat(tree.resolve("twice")).hasContent("two");
        assertThat(tree.resolve("folder")).hasContent("now a file");
        assertThat(tree.resolve("file/inner")).hasContent("y");
        assertThat(tree.resolve("kept/file")).hasContent("z");
    }

    @Test
    void devicesAndPipesAreLeftOutWithANote() throws IOException {
        Path image = layout().gzip(new TarLayer()
                        .device("null", TarConstants.LF_CHR)
                        .device("disk", TarConstants.LF_BLK)
                        .device("pipe", TarConstants.LF_FIFO)
                        .file("file", "x")
                        .build())
                .build();
        var template = store.importOci(image, Optional.empty(), ImportLimits.DEFAULT);
        Path tree = template.lowerLayers().getLast();
        assertThat(Files.exists(tree.resolve("file"))).isTrue();
        for (String name : List.of("null", "disk", "pipe")) {
            assertThat(Files.exists(tree.resolve(name), LinkOption.NOFOLLOW_LINKS))
                    .isFalse();
        }
        assertThat(template.notes()).anyMatch(note -> note.startsWith("3 device nodes"));
    }

    @Test
    void trickyWhiteoutsAreRefused() throws IOException {
        for (String name : List.of(".wh.", ".wh..", ".wh...", "d/.wh...", ".wh.d/file", ".wh.d/.wh.e")) {
            assertThat(refused(new TarLayer().file(name, "").build()).code())
                    .as(name)
                    .isEqualTo(ErrorCode.INVALID_REQUEST);
        }
        assertThat(refused(new TarLayer().file(".wh..wh..opq", "").build())).hasMessageContaining("every layer below");
    }

    /** What the archive calls trusted or security would mean something to the host's kernel. */
    @Test
    void onlyHarmlessExtendedAttributesAreKept() throws IOException {
        Path image = layout().gzip(new TarLayer()
                        .file("file", "x", entry -> {
                            entry.addPaxHeader("SCHILY.xattr.user.kept", "yes");
                            entry.addPaxHeader("SCHILY.xattr.user.overlay.opaque", "y");
                            entry.addPaxHeader("SCHILY.xattr.trusted.overlay.redirect", "/etc");
                            entry.addPaxHeader("SCHILY.xattr.security.capability", "no");
                        })
                        .build())
                .build();
        var template = store.importOci(image, Optional.empty(), ImportLimits.DEFAULT);
        String file = template.lowerLayers().getLast().resolve("file").toString();
        assertThat(Libc.attributeLength(file, "user.kept")).isEqualTo(3);
        for (String name : List.of("user.overlay.opaque", "trusted.overlay.redirect", "security.capability")) {
            assertThat(Libc.attributeLength(file, name)).as(name).isEqualTo(-NativeError.ENODATA);
        }
        assertThat(String.join(" ", template.notes())).contains("security.capability", "trusted.overlay.redirect");
    }

    @Test
    void ownersBeyondTheSandboxesRangeAreRefused() throws IOException {
        byte[] tar =
                new TarLayer().file("f", "x", entry -> entry.setIds(65_536, 0)).build();
        assertThat(refused(tar)).hasMessageContaining("belongs to 65536");
        assertThat(refused(new TarLayer()
                        .file("f", "x", entry -> entry.setIds(0, 1 << 30))
                        .build()))
                .hasMessageContaining("ids go to 65535");
    }

    @Test
    void namesThatNoFileSystemTakesAreRefused() throws IOException {
        assertThat(refused(new TarLayer().file("n".repeat(256), "x").build())).hasMessageContaining("255");
        assertThat(refused(new TarLayer().file("d/".repeat(300) + "f", "x").build()))
                .hasMessageContaining("deeper");
        assertThat(refused(new TarLayer()
                        .file("dddddddddd/".repeat(400) + "f", "x")
                        .build()))
                .hasMessageContaining("4095");
        assertThat(refused(new TarLayer().symlink("l", "t".repeat(4096)).build()))
                .hasMessageContaining("symbolic link");
    }

    @Test
    void limitsHoldBeforeTheDiskIsFull() throws IOException {
        byte[] many = new TarLayer().file("a", "").file("b", "").file("c", "").build();
        assertThat(refused(layout().gzip(many), ImportLimits.DEFAULT.withEntries(2))
                        .code())
                .isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        byte[] large = new TarLayer()
                .file("a", "x".repeat(1000))
                .file("b", "x".repeat(1000))
                .build();
        assertThat(refused(layout().gzip(large), ImportLimits.DEFAULT.withBytes(1500))
                        .code())
                .isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        var greedy = new ImportLimits(10, 10, 10, Long.MAX_VALUE / 2);
        assertThat(refused(layout().gzip(many), greedy).code()).isEqualTo(ErrorCode.NO_SPACE);
    }

    /** A header may claim any size; it is refused for the claim, before anything is written. */
    @Test
    void aHugeClaimedSizeIsRefused() throws IOException {
        byte[] tar = new TarLayer().file("huge", "x", entry -> {}).build();
        byte[] claim = "77777777777\0".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(claim, 0, tar, 124, claim.length);
        fixChecksum(tar);
        assertThat(refused(layout().plain(tar), ImportLimits.DEFAULT.withBytes(1 << 30))
                        .code())
                .isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        assertThat(refused(layout().plain(tar), ImportLimits.DEFAULT)).hasMessageContaining("middle of a file");
    }

    private static void fixChecksum(byte[] tar) {
        Arrays.fill(tar, 148, 156, (byte) ' ');
        int sum = 0;
        for (int i = 0; i < 512; i++) {
            sum += tar[i] & 0xff;
        }
        byte[] text = "%06o\0 ".formatted(sum).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(text, 0, tar, 148, text.length);
    }

    /** 64 MiB of zeros compress to 64 KiB, whether they are a file or padding behind the end mark. */
    @Test
    void bombsStopAtTheLimit() throws IOException {
        byte[] file = new TarLayer().file("zeros", "\0".repeat(64 << 20)).build();
        var limits = new ImportLimits(100, 1 << 20, 10, 0);
        assertThat(refused(layout().gzip(file), limits).code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        byte[] padded = Arrays.copyOf(new TarLayer().file("small", "x").build(), 64 << 20);
        assertThat(refused(layout().gzip(padded), limits).code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        assertThat(refused(layout().zstd(padded), limits).code()).isEqualTo(ErrorCode.LIMIT_EXCEEDED);
        byte[] header = new TarLayer()
                .file("x", "x", e -> e.addPaxHeader("comment", "c".repeat(2 << 20)))
                .build();
        assertThat(refused(header)).hasMessageContaining("extension header");
    }

    @Test
    void damagedLayersAreRefused() throws IOException {
        byte[] tar = new TarLayer().file("a", "x".repeat(100_000)).build();
        String diffId = Digests.sha256(tar);
        String type = "application/vnd.oci.image.layer.v1.tar+gzip";
        byte[] zipped = LayoutOnDisk.gzipped(tar);
        byte[] cut = Arrays.copyOf(zipped, zipped.length / 2);
        assertThat(refused(layout().layer(cut, diffId, type), ImportLimits.DEFAULT))
                .hasMessageContaining("cannot be read");
        byte[] noise = zipped.clone();
        noise[zipped.length / 2] ^= 0x55;
        assertThat(refused(layout().layer(noise, diffId, type), ImportLimits.DEFAULT)
                        .code())
                .isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(refused(layout().plain(Arrays.copyOf(tar, 2048)), ImportLimits.DEFAULT))
                .hasMessageContaining("middle of a");
        assertThat(refused(layout().layer(zipped, "0".repeat(64), type), ImportLimits.DEFAULT))
                .hasMessageContaining("uncompressed content");
    }

    /** A stored layer is shared by its diff id, so an image must not get it by naming an id that its own layer does not have. */
    @Test
    void namingAnotherImagesLayerDoesNotGetIt() throws IOException {
        byte[] secret = new TarLayer().file("secret", "x").build();
        store.importOci(layout().gzip(secret).build(), Optional.of("good"), ImportLimits.DEFAULT);
        byte[] other = LayoutOnDisk.gzipped(new TarLayer().file("other", "x").build());
        Path thief = layout().layer(other, Digests.sha256(secret), "application/vnd.oci.image.layer.v1.tar+gzip")
                .build();
        var failure = catchThrowableOfType(
                Failure.class, () -> store.importOci(thief, Optional.of("evil"), ImportLimits.DEFAULT));
        assertThat(failure).hasMessageContaining("uncompressed content");
        assertThat(store.list()).hasSize(1);
    }

    @Test
    void aBlobThatIsNotItsDigestIsRefused() throws IOException {
        byte[] tar = new TarLayer().file("a", "x").build();
        var layout = layout().plain(tar);
        Path image = layout.build();
        Path blob = image.resolve("blobs/sha256").resolve(Digests.sha256(tar));
        byte[] same = new TarLayer().file("a", "y").build();
        Files.write(blob, same);
        var failure = catchThrowableOfType(
                Failure.class, () -> store.importOci(image, Optional.empty(), ImportLimits.DEFAULT));
        assertThat(failure).hasMessageContaining("digest");
        assertThat(left()).isEmpty();
    }

    /** A layout somebody sent may hold links: they must not make files of this host part of an image, or of an error message. */
    @Test
    void linksInTheLayoutAreNotRead() throws IOException {
        Path image = layout().plain(new TarLayer().file("a", "x").build()).build();
        Files.delete(image.resolve("index.json"));
        Files.createSymbolicLink(image.resolve("index.json"), victim.resolve("secret"));
        var failure = catchThrowableOfType(
                Failure.class, () -> store.importOci(image, Optional.empty(), ImportLimits.DEFAULT));
        assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
        assertThat(failure.getMessage()).doesNotContain("untouched");
    }

    @Test
    void documentsOfTheWrongShapeAreRefused() throws IOException {
        for (var documents : Map.of(
                        "not json", "{",
                        "no manifests", "{\"manifests\":[]}",
                        "wrong digest",
                                "{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:../../x\"}]}",
                        "an array", "[1,2,3]")
                .entrySet()) {
            Path image = Files.createTempDirectory(temporary, "documents");
            Files.writeString(image.resolve("index.json"), documents.getValue());
            var failure = catchThrowableOfType(
                    Failure.class, () -> store.importOci(image, Optional.empty(), ImportLimits.DEFAULT));
            assertThat(failure).as(documents.getKey()).isNotNull();
            assertThat(left()).isEmpty();
        }
    }
}
