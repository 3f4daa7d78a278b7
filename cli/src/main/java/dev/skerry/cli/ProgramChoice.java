package dev.skerry.cli;

import dev.skerry.host.jobs.Job.Program;
import dev.skerry.host.jobs.Language;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which of the three forms of {@code skerry run} was meant.
 *
 * @param words what is neither an option nor the value of one
 * @param afterDashes whether the words followed {@code --}
 */
record ProgramChoice(Optional<String> language, Optional<String> code, List<String> words, boolean afterDashes) {
    private static final long SOURCE_BYTES_MAX = 16L << 20;

    ProgramChoice {
        words = List.copyOf(words);
    }

    Program program() {
        if (code.isPresent()) {
            Language chosen = language.map(Language::named)
                    .orElseThrow(() -> new Failure(
                            ErrorCode.INVALID_REQUEST, "-c CODE needs a language", "add --lang, as in --lang python"));
            return new Program.Source(chosen, chosen.fileName(), code.get().getBytes(StandardCharsets.UTF_8));
        }
        if (words.isEmpty()) {
            throw RunCommand.nothingToRun();
        }
        return afterDashes ? command() : source(Path.of(words.getFirst()));
    }

    private Program command() {
        if (language.isPresent()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "--lang has no meaning for a command",
                    "leave it out, or leave '--' out to run a source file");
        }
        return new Program.Command(words);
    }

    private Program source(Path file) {
        if (Files.isDirectory(file)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + file + "' is a folder",
                    "name the file to run, and copy the folder in with --in " + file);
        }
        if (!Files.isRegularFile(file)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "there is no file '" + file + "'",
                    "to run a command of the template write ./skerry run -- " + String.join(" ", words));
        }
        String name = String.valueOf(file.getFileName());
        Language chosen = language.map(Language::named)
                .or(() -> Language.ofFile(name))
                .orElseThrow(() -> new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + name + "' has no extension that names a language",
                        "add --lang, as in --lang python"));
        try {
            if (Files.size(file) > SOURCE_BYTES_MAX) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "'" + file + "' is larger than " + Quantity.ofBytes(SOURCE_BYTES_MAX),
                        "copy data in with --in");
            }
            return new Program.Source(chosen, name, Files.readAllBytes(file));
        } catch (IOException e) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + file + "' cannot be read: " + e.getMessage(), e);
        }
    }

    List<String> arguments() {
        if (code.isPresent()) {
            return words;
        }
        return afterDashes ? List.of() : words.subList(1, words.size());
    }
}
