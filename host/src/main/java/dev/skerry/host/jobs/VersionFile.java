package dev.skerry.host.jobs;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Versions of a template's toolchains as they were told, in one small file for each template: a line that says of which
 * table of languages they are, then {@code LANGUAGE TOOLCHAIN VERSION}. What another Skerry has written is asked for
 * anew.
 */
final class VersionFile {
    private static final Logger LOG = LoggerFactory.getLogger(VersionFile.class);

    /** Changes with every toolchain that is added or started in another way. */
    private static final String TABLE = "toolchains "
            + Integer.toHexString(Arrays.stream(Language.values())
                    .map(language -> language.name()
                            + language.toolchains().stream()
                                    .map(VersionFile::asked)
                                    .toList())
                    .collect(Collectors.joining())
                    .hashCode());

    private static final int FIELDS = 3;

    private final Path folder;

    private static List<List<String>> asked(Toolchain toolchain) {
        return List.of(toolchain.programs(), toolchain.probe(), toolchain.version());
    }

    VersionFile(Path folder) {
        this.folder = folder;
    }

    /** @param toolchain its index among the language's */
    record Version(Language language, int toolchain, String number) {
        private String line() {
            return language + " " + toolchain + " " + number;
        }

        private static Version parse(String line) {
            String[] fields = line.split(" ", -1);
            if (fields.length != FIELDS) {
                throw new IllegalArgumentException("not a version: " + line);
            }
            Language language = Language.valueOf(fields[0]);
            int toolchain = Integer.parseInt(fields[1]);
            if (toolchain < 0 || toolchain >= language.toolchains().size()) {
                throw new IllegalArgumentException("no such toolchain: " + line);
            }
            return new Version(language, toolchain, fields[2]);
        }
    }

    private Path file(String digest) {
        return folder.resolve(digest.substring(digest.indexOf(':') + 1));
    }

    /** Empty when nothing was written that is of use. */
    Optional<List<Version>> read(String digest) {
        try {
            List<String> lines = Files.readAllLines(file(digest));
            return !lines.isEmpty() && lines.getFirst().equals(TABLE)
                    ? Optional.of(lines.stream().skip(1).map(Version::parse).toList())
                    : Optional.empty();
        } catch (NoSuchFileException | IllegalArgumentException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new Failure(ErrorCode.INTERNAL, "the versions in " + folder + " cannot be read: " + e, e);
        }
    }

    /** What cannot be written, as on a disk that is full, is asked for anew by the next process. */
    void write(String digest, List<Version> versions) {
        String lines = versions.stream().map(version -> version.line() + "\n").collect(Collectors.joining());
        try {
            Files.createDirectories(folder);
            Path fresh = Files.createTempFile(folder, "versions", ".new");
            try {
                Files.writeString(fresh, TABLE + "\n" + lines);
                Files.move(fresh, file(digest), StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(fresh);
            }
        } catch (IOException e) {
            LOG.atWarn().setCause(e).addKeyValue("folder", folder).log("the languages of a template cannot be kept");
        }
    }
}
