package dev.skerry.cli;

import static dev.skerry.cli.FakeE2b.ID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.client.EnvFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code cp}, where both sides are folders of this machine: the sandbox's is {@code inside}. */
class RemoteCopyTest {
    private final FakeE2b server = new FakeE2b();
    private final Commanded commanded = new Commanded();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @SuppressWarnings("NullAway.Init")
    private Path inside;

    @BeforeEach
    void knowTheServer() throws IOException {
        inside = Files.createDirectory(folder.resolve("inside"));
        commanded.environment.put("SKERRY_DATA", folder.toString());
        commanded.environment.put(EnvFile.API_URL, server.url());
        commanded.environment.put(EnvFile.API_KEY, FakeE2b.KEY);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private void copied(String from, String to) {
        int code = commanded.skerry("cp", from, to);
        assertThat(code).as(commanded.err()).isZero();
    }

    private void refused(int code, String from, String to, String... words) {
        assertThat(commanded.skerry("cp", from, to)).isEqualTo(code);
        assertThat(commanded.err()).contains(words);
    }

    private String in(String name) {
        return ID + ":" + inside.resolve(name);
    }

    private Path file(String name, String content) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.resolveSibling(""));
        return Files.writeString(file, content);
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void aFileGoesInUnderItsOwnNameOrAnother() throws IOException {
        Path file = file("a b&c.txt", "content");
        copied(file.toString(), in("other.txt"));
        copied(file.toString(), in(""));
        assertThat(inside.resolve("other.txt")).hasContent("content");
        assertThat(inside.resolve("a b&c.txt")).hasContent("content");
        copied(file.toString(), ID + ":" + inside + "/new/");
        assertThat(inside.resolve("new/a b&c.txt")).hasContent("content");
    }

    @Test
    void anExecutableStaysOne() throws IOException {
        Path file = file("tool", "#!/bin/sh\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
        copied(file.toString(), in("tool"));
        assertThat(mode(inside.resolve("tool"))).isEqualTo("rwxr-xr-x");
        copied(in("tool"), folder.resolve("back").toString());
        assertThat(mode(folder.resolve("back"))).isEqualTo("rwxr-xr-x");
        assertThat(folder.resolve("back")).hasContent("#!/bin/sh\n");
    }

    @Test
    void aFileComesOutUnderItsOwnNameOrAnother() throws IOException {
        file("inside/result", "xyz");
        copied(in("result"), folder.resolve("renamed").toString());
        copied(in("result"), folder.toString());
        assertThat(folder.resolve("renamed")).hasContent("xyz");
        assertThat(folder.resolve("result")).hasContent("xyz");
        refused(2, in("result"), folder + "/nowhere/", "there is no folder");
        refused(125, in("nothing"), folder.toString(), "there is no '" + inside + "/nothing' in sandbox");
        file("inside/empty", "");
        copied(in("empty"), folder.toString());
        assertThat(folder.resolve("empty")).isEmptyFile();
    }

    @Test
    void dashesAreTheStandardStreams() throws IOException {
        commanded.input = new byte[] {0, 1, (byte) 0xff};
        copied("-", in("bytes"));
        assertThat(inside.resolve("bytes")).hasBinaryContent(commanded.input);
        copied(in("bytes"), "-");
        assertThat(commanded.stdout.toByteArray()).isEqualTo(commanded.input);
        refused(2, "-", ID + ":" + inside, "is a folder");
    }

    private Path tree() throws IOException {
        file("tree/a.txt", "a");
        byte[] large = new byte[500_000];
        new Random(3).nextBytes(large);
        Files.write(file("tree/deep/er/large", ""), large);
        Files.createDirectory(folder.resolve("tree/empty"));
        Files.createSymbolicLink(folder.resolve("tree/link"), Path.of("a.txt"));
        Files.setPosixFilePermissions(file("tree/run.sh", ""), PosixFilePermissions.fromString("rwxr-xr-x"));
        return folder.resolve("tree");
    }

    @Test
    void aFolderGoesInAsItIs() throws IOException {
        Path tree = tree();
        copied(tree.toString(), in("new"));
        copied(tree.toString(), in("new"));
        for (String place : new String[] {"new", "new/tree"}) {
            Path copy = inside.resolve(place);
            assertThat(copy.resolve("deep/er/large")).hasSameBinaryContentAs(tree.resolve("deep/er/large"));
            assertThat(copy.resolve("empty")).isEmptyDirectory();
            assertThat(copy.resolve("link")).isSymbolicLink();
            assertThat(mode(copy.resolve("run.sh"))).isEqualTo("rwxr-xr-x");
        }
    }

    @Test
    void aFolderComesOutWithoutWhatIsDangerous() throws IOException {
        Path tree = tree();
        Files.createLink(tree.resolve("twin"), tree.resolve("a.txt"));
        copied(ID + ":" + tree, folder.resolve("copy").toString());
        Path copy = folder.resolve("copy");
        assertThat(copy.resolve("deep/er/large")).hasSameBinaryContentAs(tree.resolve("deep/er/large"));
        assertThat(copy.resolve("twin")).hasContent("a");
        assertThat(copy.resolve("a.txt")).hasContent("a");
        assertThat(copy.resolve("link")).doesNotExist();
        assertThat(commanded.err()).contains("left out 1 links");
        copied(ID + ":" + tree, copy.toString());
        assertThat(copy.resolve("tree/a.txt")).hasContent("a");
        refused(125, ID + ":" + tree, copy.toString(), "is a folder with files in it");
        Path empty = Files.createDirectory(folder.resolve("fresh"));
        copied(ID + ":" + tree + "/.", empty.toString());
        assertThat(empty.resolve("a.txt")).hasContent("a");
    }

    @Test
    void aFolderToStandardOutputIsAnArchive() throws Exception {
        copied(ID + ":" + tree(), "-");
        assertThat(new String(commanded.stdout.toByteArray(), 257, 5, StandardCharsets.US_ASCII))
                .isEqualTo("ustar");
    }

    @Test
    void whatTarSaysIsPassedOn() throws IOException {
        Path tree = tree();
        Path blocked = file("inside/blocked", "a file in the way of a folder");
        refused(
                125,
                tree.toString(),
                ID + ":" + blocked + "/x",
                "'mkdir' in the sandbox ended with exit status 1",
                "blocked");
        Files.createDirectories(inside.resolve("target/a.txt/not-empty"));
        refused(
                125,
                tree + "/.",
                ID + ":" + inside + "/target",
                "'tar' in the sandbox ended with exit status 2",
                "a.txt");
    }

    @Test
    void aSpecialFileInAFolderIsNamed() throws Exception {
        Path tree = tree();
        new ProcessBuilder("mkfifo", tree.resolve("pipe").toString()).start().waitFor();
        refused(2, tree.toString(), in("x"), "pipe' is neither file nor folder");
    }

    @Test
    void aPathWithAColonIsOfThisMachineWhenItSaysSo() throws IOException {
        Path file = file("a:b", "colon");
        copied(file.toString(), in("c"));
        assertThat(inside.resolve("c")).hasContent("colon");
        refused(2, "a:b", "c:d", "both sides are in a sandbox");
        refused(2, "./a:b", "c", "neither side is in a sandbox");
    }
}
