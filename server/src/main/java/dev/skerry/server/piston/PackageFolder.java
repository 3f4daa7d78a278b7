package dev.skerry.server.piston;

import dev.skerry.server.jobs.LanguagePackage;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.PackageLine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Packages that lie ready on this machine: a folder of image archives with the file {@code index} ({@link
 * PackageLine}). It is read anew each time. All methods throw {@link Failure} {@code UNSUPPORTED} when it cannot be
 * read or a line is wrong.
 */
record PackageFolder(Path folder) {
    static final String INDEX = PackageLine.INDEX;

    private static final long INDEX_BYTES_MAX = 1 << 20;
    private static final int BUFFER = 1 << 16;

    /**
     * One line.
     *
     * @param sha256 in hexadecimal digits, lower case
     */
    record Archive(LanguagePackage what, String sha256, Path file) {
        /** Of what is in the file now. */
        String digest() {
            try (InputStream input = Files.newInputStream(file)) {
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                byte[] buffer = new byte[BUFFER];
                for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
                    digest.update(buffer, 0, count);
                }
                return HexFormat.of().formatHex(digest.digest());
            } catch (IOException e) {
                throw unreadable(file, e.toString());
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** In the order of the index. */
    List<Archive> list() {
        Path index = folder.resolve(INDEX);
        List<Archive> found = new ArrayList<>();
        try {
            if (Files.size(index) > INDEX_BYTES_MAX) {
                throw unreadable(index, "it has more than " + INDEX_BYTES_MAX + " bytes");
            }
            int number = 0;
            for (String line : Files.readAllLines(index)) {
                number++;
                if (!PackageLine.saysNothing(line)) {
                    found.add(archive(index, number, line));
                }
            }
            return List.copyOf(found);
        } catch (IOException | UncheckedIOException e) {
            throw unreadable(index, e.toString());
        }
    }

    private Archive archive(Path index, int number, String line) {
        PackageLine fields = PackageLine.parse(line)
                .filter(one -> Version.parse(one.version()).isPresent())
                .orElseThrow(() -> unreadable(index, "line " + number + " is not LANGUAGE,VERSION,SHA256,FILE"));
        return new Archive(
                new LanguagePackage(fields.language(), fields.version()),
                fields.sha256(),
                folder.resolve(fields.archive()));
    }

    private static Failure unreadable(Path file, String why) {
        return new Failure(
                ErrorCode.UNSUPPORTED,
                "the packages cannot be read: " + file + ": " + why,
                "a line is as in lua,5.4.6,<sha256sum of the archive>,lua-5.4.6.tar, with the archive beside the"
                        + " index; 'skerry packages make' writes it");
    }
}
