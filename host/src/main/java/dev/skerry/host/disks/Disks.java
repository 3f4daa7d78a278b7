package dev.skerry.host.disks;

import dev.skerry.host.templates.LockFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The disks of a data folder: {@code disks/<id>/image}, a sparse ext4, and {@code disks/<id>/template}, the digest of
 * the template that its content lies on. A disk that exists may grow to its size: that space is reserved when it is
 * made. One process at a time has a data folder's disks. Thread-safe.
 */
public final class Disks {
    public static final String TYPE = "ext4";

    /**
     * Of mount(8): what files are deleted is given back to the host; inode tables stay holes; after an error nothing is
     * made worse.
     */
    public static final String OPTIONS = "discard,noinit_itable,errors=remount-ro";

    /** Left to the host, whatever the disks hold. */
    private static final long SPARE_BYTES = 64L << 20;

    private static final String ID = "[0-9a-z]{" + SandboxId.LENGTH + "}";
    private static final int BLANKS_MAX = 16;
    private static final String UNFINISHED = ".new-";
    private static final String DISCARDED = ".gone-";
    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();
    private static final long STALE_NANOS = Duration.ofSeconds(1).toNanos();

    private final Path folder;
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<SandboxId, Long> sizes = new HashMap<>();
    private final Map<Long, BlankDisk> blanks = new HashMap<>();
    private long allocated;
    private long allocatedAtNanos;

    private Disks(Path folder) {
        this.folder = folder;
    }

    /** Makes the folder where it is missing, and removes what a killed process left half made or half removed. */
    public static Disks open(Path dataFolder) {
        Disks disks = new Disks(dataFolder.resolve("disks"));
        try {
            if (!Files.isDirectory(disks.folder)) {
                Files.createDirectories(
                        disks.folder,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            try (Stream<Path> entries = Files.list(disks.folder)) {
                for (Path entry : entries.toList()) {
                    disks.found(entry);
                }
            }
            disks.count();
        } catch (IOException e) {
            throw failed("reading " + disks.folder, e);
        }
        return disks;
    }

    private void found(Path entry) throws IOException {
        String name = entry.getFileName().toString();
        if (name.startsWith(UNFINISHED) || name.startsWith(DISCARDED) || name.startsWith("blank")) {
            deleteTree(entry);
        } else if (name.matches(ID)) {
            sizes.put(new SandboxId(name), Files.size(entry.resolve("image")));
        }
    }

    /**
     * The disk of a sandbox.
     *
     * @param fresh whether it was made just now
     */
    public record Disk(Path image, boolean fresh) {}

    /**
     * Finds the disk of a sandbox, with the size that it was made with, or makes it.
     *
     * @param template the digest of the template that a new one will lie on
     * @throws Failure {@code NO_SPACE} when the file system cannot hold all that the disks may become;
     *     {@code UNSUPPORTED} without mke2fs
     */
    public Disk prepare(SandboxId id, Limits limits, String template) {
        lock.lock();
        try {
            if (sizes.containsKey(id)) {
                return new Disk(image(id), false);
            }
            BlankDisk blank = blank(limits);
            requireSpace(blank.sizeBytes());
            Path draft = folder.resolve(UNFINISHED + id);
            deleteTree(draft);
            Files.createDirectory(draft);
            blank.write(draft.resolve("image"));
            Files.writeString(draft.resolve("template"), template);
            Files.move(draft, folder.resolve(id.text()), StandardCopyOption.ATOMIC_MOVE);
            sizes.put(id, blank.sizeBytes());
            return new Disk(image(id), true);
        } catch (IOException e) {
            throw failed("making the disk of " + id, e);
        } finally {
            lock.unlock();
        }
    }

    private BlankDisk blank(Limits limits) throws IOException {
        long key = 31 * BlankDisk.sizeBytes(limits) + limits.diskInodes();
        BlankDisk known = blanks.get(key);
        if (known != null) {
            return known;
        }
        if (blanks.size() >= BLANKS_MAX) {
            blanks.clear();
        }
        BlankDisk made = BlankDisk.make(limits, folder);
        blanks.put(key, made);
        return made;
    }

    /** What all disks may still grow by, and the new one, must be there. */
    private void requireSpace(long bytes) throws IOException {
        if (System.nanoTime() - allocatedAtNanos > STALE_NANOS) {
            count();
        }
        if (missing(bytes) > 0) {
            count();
        }
        long missing = missing(bytes);
        if (missing > 0) {
            throw new Failure(
                    ErrorCode.NO_SPACE,
                    "a disk of " + (bytes >> 20) + " MiB does not fit: the file system of " + folder + " lacks "
                            + ((missing >> 20) + 1) + " MiB for what its disks may become",
                    "discard sandboxes, ask for a smaller disk, or give the data folder more space");
        }
    }

    /** Whether so many more of that size would fit. */
    public boolean fit(Limits limits, int count) {
        lock.lock();
        try {
            count();
            return missing(count * BlankDisk.sizeBytes(limits)) <= 0;
        } catch (IOException e) {
            throw failed("looking at " + folder, e);
        } finally {
            lock.unlock();
        }
    }

    private long missing(long bytes) throws IOException {
        long promised = sizes.values().stream().mapToLong(Long::longValue).sum() - allocated;
        return promised + bytes + SPARE_BYTES - Files.getFileStore(folder).getUsableSpace();
    }

    private void count() {
        allocated = sizes.keySet().stream().mapToLong(this::allocatedBytes).sum();
        allocatedAtNanos = System.nanoTime();
    }

    /** Digests of the templates that the disks of a data folder lie on, for who has not opened it. */
    public static Set<String> templates(Path dataFolder) {
        Disks disks = new Disks(dataFolder.resolve("disks"));
        try (Stream<Path> entries = Files.list(disks.folder)) {
            return entries.map(entry -> entry.getFileName().toString())
                    .filter(name -> name.matches(ID))
                    .flatMap(name -> disks.template(new SandboxId(name)).stream())
                    .collect(Collectors.toSet());
        } catch (NoSuchFileException e) {
            return Set.of();
        } catch (IOException e) {
            throw failed("reading " + disks.folder, e);
        }
    }

    /** The digest of the template that a disk lies on; empty when there is no disk. */
    public Optional<String> template(SandboxId id) {
        try {
            return Optional.of(Files.readString(folder.resolve(id.text()).resolve("template")));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed("reading the disk of " + id, e);
        }
    }

    private Path image(SandboxId id) {
        return folder.resolve(id.text()).resolve("image");
    }

    /** Oldest first. */
    public List<SandboxId> list() {
        lock.lock();
        try {
            return sizes.keySet().stream().sorted().toList();
        } finally {
            lock.unlock();
        }
    }

    /** What a disk takes of the host; 0 when there is none. */
    public long allocatedBytes(SandboxId id) {
        return DiskCalls.allocatedBytes(image(id));
    }

    /** Bytes that disks have or could have. */
    public long capacityBytes() {
        lock.lock();
        try {
            count();
            return Math.max(0, Files.getFileStore(folder).getUsableSpace() + allocated - SPARE_BYTES);
        } catch (IOException e) {
            throw failed("looking at " + folder, e);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until no kernel has a disk mounted any more: then all that was written is in the image.
     *
     * @param settled asked again and again: true when there is nothing to wait for any more
     * @return false when that takes longer
     */
    public boolean awaitFree(SandboxId id, Duration bound, BooleanSupplier settled) {
        long until = System.nanoTime() + bound.toNanos();
        while (!settled.getAsBoolean() && !free(id)) {
            if (System.nanoTime() >= until) {
                return false;
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
        return true;
    }

    /** The loop device of a mounted disk holds a lock on the image. */
    private boolean free(SandboxId id) {
        Path image = image(id);
        if (!Files.exists(image)) {
            return true;
        }
        try {
            Optional<LockFile> held = LockFile.tryAcquire(image, LockFile.Kind.EXCLUSIVE);
            held.ifPresent(LockFile::close);
            return held.isPresent();
        } catch (IOException e) {
            throw failed("looking at the disk of " + id, e);
        }
    }

    /**
     * Removes a disk. Success when there is none.
     *
     * @throws Failure {@code CONFLICT} while it is mounted
     */
    public void discard(SandboxId id) {
        lock.lock();
        try {
            if (!sizes.containsKey(id)) {
                return;
            }
            if (!free(id)) {
                throw new Failure(
                        ErrorCode.CONFLICT,
                        "the disk of " + id + " is in use",
                        "destroy the sandbox that has it first");
            }
            Path gone = folder.resolve(DISCARDED + id);
            deleteTree(gone);
            Files.move(folder.resolve(id.text()), gone, StandardCopyOption.ATOMIC_MOVE);
            sizes.remove(id);
            deleteTree(gone);
        } catch (IOException e) {
            throw failed("removing the disk of " + id, e);
        } finally {
            lock.unlock();
        }
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private static Failure failed(String doing, IOException cause) {
        String text = String.valueOf(cause.getMessage());
        return text.contains("No space left")
                ? new Failure(ErrorCode.NO_SPACE, doing + ": the file system is full", "free some space", cause)
                : new Failure(ErrorCode.INTERNAL, doing + ": " + cause, cause);
    }
}
