package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;

/** Each of these layers attacks the host that imports it: names, links, attributes that lead out of its tree. */
class HostileLayerTest extends ImportAttack {
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
}
