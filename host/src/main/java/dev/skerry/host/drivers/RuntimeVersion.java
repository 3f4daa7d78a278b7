package dev.skerry.host.drivers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;

/**
 * A runtime's name and version, remembered as long as its file is the same: each sandbox's record has it, and asking
 * the program takes a process of its own, some 6 ms. Thread-safe.
 */
final class RuntimeVersion {
    private final RuntimeProgram program;
    private volatile Optional<Known> known = Optional.empty();

    private record Known(File file, String text) {}

    /** A package manager puts another file in its place; its key is device and inode. */
    private record File(String key, FileTime modified, long bytes) {}

    RuntimeVersion(RuntimeProgram program) {
        this.program = program;
    }

    /** As {@link RuntimeProgram#description}. */
    String text() {
        Optional<File> file = file();
        Optional<Known> last = known;
        if (last.isPresent() && file.equals(last.map(Known::file))) {
            return last.get().text();
        }
        String text = program.description();
        // One that said nothing may say more the next time.
        known = file.filter(_ -> !text.equals(program.name())).map(same -> new Known(same, text));
        return text;
    }

    private Optional<File> file() {
        try {
            BasicFileAttributes facts = Files.readAttributes(program.path(), BasicFileAttributes.class);
            return Optional.of(new File(Objects.toString(facts.fileKey()), facts.lastModifiedTime(), facts.size()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
