package dev.skerry.host.engine;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxEnd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The folder of one sandbox below the run folder of its instance.
 *
 * <pre>
 * record       what it is (SandboxRecord)            written before anything is started
 * owner        the process that controls it          "pid ticks", or absent
 * epoch.N      N epochs were given out              empty
 * shim         the shim's identity                   written by the shim
 * sock         the shim's socket
 * exit         how it ended                          written by the shim
 * condemned    somebody asked for its end            empty
 * out-of-memory its group counted such kills       empty
 * end          how it ended, once nothing else of it is left; of a server's sandbox
 * config.json  the bundle
 * runtime.log  the runtime's words
 * </pre>
 */
final class RunFolder {
    /** What an older Skerry did not write down is false. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** Begins the name of a folder that is being made; the maker's identity follows, as there is no owner file yet. */
    private static final String UNFINISHED = "new-";

    /** Of whoever makes a sandbox. */
    static final long FIRST_EPOCH = 1;

    private static final String EPOCH = "epoch.";
    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();
    private static final int DELETE_TRIES = 100;
    private static final Set<String> KEPT = Set.of("record", "end", "condemned");

    private final Path path;

    RunFolder(Path path) {
        this.path = path;
    }

    /** The folders of an instance's sandboxes, oldest first. */
    static List<RunFolder> list(Path instanceFolder) {
        return list(instanceFolder, "[0-9a-z]{25}\\.[0-9]+");
    }

    /** Folders whose maker died while it made them. */
    static List<RunFolder> abandoned(Path instanceFolder) {
        return list(instanceFolder, UNFINISHED + ".*").stream()
                .filter(folder -> folder.maker().filter(ProcessIdentity::alive).isEmpty())
                .toList();
    }

    private Optional<ProcessIdentity> maker() {
        String[] parts = name().split("-", -1);
        return parts.length < 3 ? Optional.empty() : ProcessIdentity.parse(parts[1] + " " + parts[2]);
    }

    private static List<RunFolder> list(Path instanceFolder, String names) {
        try (Stream<Path> entries = Files.list(instanceFolder)) {
            return entries.filter(entry -> entry.getFileName().toString().matches(names))
                    .sorted()
                    .map(RunFolder::new)
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** With the first epoch given out, to its maker. */
    void create(SandboxRecord record) {
        try {
            // Made under another name: whoever sees the folder sees its owner too, so no reaper takes it for a
            // leftover.
            ProcessIdentity maker = ProcessIdentity.self();
            Path fresh = path.resolveSibling(UNFINISHED + maker.toString().replace(' ', '-') + "-" + name());
            Files.createDirectory(fresh, PRIVATE);
            Files.writeString(fresh.resolve("owner"), maker.toString());
            Files.writeString(fresh.resolve("record"), JSON.writeValueAsString(record));
            Files.createFile(fresh.resolve(EPOCH + FIRST_EPOCH));
            Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new Failure(ErrorCode.NO_CAPACITY, "the run folder " + path + " cannot be made: " + e, e);
        }
    }

    /** Replaces what is written down of it, in one step. */
    void record(SandboxRecord record) {
        write("record", JSON.writeValueAsString(record));
    }

    Path path() {
        return path;
    }

    String name() {
        return path.getFileName().toString();
    }

    Path socket() {
        return path.resolve("sock");
    }

    /** Empty when its maker died before writing it. */
    Optional<SandboxRecord> record() {
        try {
            return read("record").map(text -> JSON.readValue(text, SandboxRecord.class));
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    Optional<ProcessIdentity> owner() {
        return read("owner").flatMap(ProcessIdentity::parse);
    }

    /** Nobody has it now. */
    void disown() {
        try {
            Files.deleteIfExists(path.resolve("owner"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void own() {
        write("owner", ProcessIdentity.self().toString());
    }

    Optional<ProcessIdentity> shim() {
        return read("shim").flatMap(ProcessIdentity::parse);
    }

    /** The highest that was given out. */
    long epoch() {
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.startsWith(EPOCH))
                    .mapToLong(file -> Long.parseLong(file.substring(EPOCH.length())))
                    .max()
                    .orElse(0);
        } catch (NoSuchFileException e) {
            return 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Given out once, whoever else asks at the same time: only one can create the file of that name. */
    long nextEpoch() {
        for (long next = epoch() + 1; ; next++) {
            try {
                Files.createFile(path.resolve(EPOCH + next));
                Files.deleteIfExists(path.resolve(EPOCH + (next - 1)));
                return next;
            } catch (FileAlreadyExistsException e) {
                // Somebody was faster.
            } catch (NoSuchFileException e) {
                throw gone(e);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Failure gone(IOException e) {
        return new Failure(ErrorCode.SANDBOX_GONE, "the sandbox has ended and was removed", e);
    }

    /** Whether it has a shim that has not written down the end. */
    boolean running() {
        return exit().isEmpty() && shim().filter(ProcessIdentity::alive).isPresent();
    }

    /** Waits a moment for one that is ending. */
    boolean stopsWithin(Duration bound) {
        long until = System.nanoTime() + bound.toNanos();
        while (running()) {
            if (System.nanoTime() >= until) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }

    /** What the shim wrote down at the end: {@code cause}, {@code exit_code}, {@code exit_signal}, {@code message}. */
    Optional<Map<String, String>> exit() {
        return read("exit").map(text -> {
            Map<String, String> facts = new HashMap<>();
            text.lines().forEach(line -> {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    facts.put(line.substring(0, equals), line.substring(equals + 1));
                }
            });
            return facts;
        });
    }

    /** Whether the shim wrote its record of the end less than that time ago. */
    boolean endedWithin(Duration age) {
        try {
            Instant written = Files.getLastModifiedTime(path.resolve("exit")).toInstant();
            return written.plus(age).isAfter(InstantSource.system().instant());
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Written before the processes are killed, so that whoever notices their death knows that it was meant. */
    void condemn() {
        mark("condemned");
    }

    /** Of one that is about to lose the group that counts such kills. */
    void noteOutOfMemory() {
        mark("out-of-memory");
    }

    boolean outOfMemory() {
        return Files.exists(path.resolve("out-of-memory"));
    }

    private void mark(String name) {
        try {
            Files.writeString(path.resolve(name), "");
        } catch (NoSuchFileException e) {
            // Somebody else has removed the sandbox.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A folder that is gone counts: only who asked for the end, or a reaper, removes it. In this order, since the mark
     * is removed after the record.
     */
    boolean condemned() {
        return Files.exists(path.resolve("condemned")) || !Files.exists(path.resolve("record"));
    }

    boolean exists() {
        return Files.exists(path.resolve("record"));
    }

    /** Even if its record is missing. */
    boolean present() {
        return Files.exists(path);
    }

    /** What is kept for a server to ask for. */
    Optional<SandboxEnd> end() {
        return read("end").map(text -> {
            int line = text.indexOf('\n');
            return new SandboxEnd(SandboxEnd.Cause.valueOf(text.substring(0, line)), text.substring(line + 1));
        });
    }

    /**
     * Deletes all but the record of the sandbox and that of its end; success when somebody else deletes it all.
     *
     * @return the end that is written down: another's if it was faster, who may have seen more of what is gone now
     */
    SandboxEnd finish(SandboxEnd found) {
        SandboxEnd end = end().orElse(found);
        try {
            WholeFile.replace(path.resolve("end"), end.cause() + "\n" + end.detail());
            for (Path entry : entries()) {
                String name = entry.getFileName().toString();
                if (!entry.equals(path) && !KEPT.contains(name)) {
                    Files.deleteIfExists(entry);
                }
            }
        } catch (NoSuchFileException e) {
            // Somebody else has deleted it all.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return end;
    }

    String runtimeLog() {
        return read("runtime.log").orElse("");
    }

    /**
     * Deletes the folder; only after everything of the sandbox is dead. Missing is success, also when another process
     * is faster.
     */
    void delete() {
        for (int tries = 1; ; tries++) {
            try {
                for (Path entry : entries()) {
                    Files.deleteIfExists(entry);
                }
                return;
            } catch (DirectoryNotEmptyException e) {
                // Somebody else may be writing the end down at this moment.
                if (tries == DELETE_TRIES) {
                    throw new Failure(ErrorCode.CONFLICT, "something still writes into " + path, e);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** The folder last. */
    private List<Path> entries() throws IOException {
        try (Stream<Path> entries = Files.walk(path)) {
            return entries.sorted((a, b) -> b.compareTo(a)).toList();
        } catch (NoSuchFileException e) {
            return List.of();
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof NoSuchFileException) {
                return entries();
            }
            throw e;
        }
    }

    /** Most that is asked for is not there, and to be told so by an exception costs several times as much. */
    private Optional<String> read(String file) {
        Path whole = path.resolve(file);
        if (!Files.exists(whole)) {
            return Optional.empty();
        }
        try {
            return Optional.of(Files.readString(whole));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(String file, String text) {
        try {
            WholeFile.replace(path.resolve(file), text);
        } catch (NoSuchFileException e) {
            throw gone(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
