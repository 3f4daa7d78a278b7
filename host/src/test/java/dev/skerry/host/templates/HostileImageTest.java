package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Each of these images lies about itself: sizes, digests, documents. */
class HostileImageTest extends ImportAttack {
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

    /**
     * A stored layer is shared by its diff id, so an image must not get it by naming an id that its own layer does not
     * have.
     */
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

    /**
     * A layout somebody sent may hold links: they must not make files of this host part of an image, or of an error
     * message.
     */
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
                                "{\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
                                        + "\"digest\":\"sha256:../../x\"}]}",
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
