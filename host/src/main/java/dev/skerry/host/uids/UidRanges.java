package dev.skerry.host.uids;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * Machine-wide claims of ranges of user and group ids, kept as symbolic links below a folder:
 *
 * <pre>
 * BOOT-ID/owners/INSTANCE+SANDBOX.GENERATION -> 70a30000     written first, removed last
 * BOOT-ID/ranges/70a30000 -> INSTANCE/SANDBOX.GENERATION     the claim itself
 * </pre>
 *
 * A link appears whole or not at all and never twice under one name, so a process killed at any point leaves at most
 * an owner whose range is free, which the next claim or release of that owner puts right. Every call takes the lock of
 * the folder, so calls of all threads and processes happen one after the other, and each is a few system calls however
 * many claims there are. The folder is named after the kernel's boot id: where /run survives a restart of the machine,
 * the claims do not.
 *
 * <p>The ids lie from 0x70000000 to 0x7ffdffff: above those of systemd's containers (0x00080000 to 0x6fffffff) and of
 * useradd's subordinate ids, below systemd's foreign ids (0x7ffe0000 to 0x7ffeffff) and 2^31, beyond which some file
 * systems and programs take an id for a negative number (UIDS-GIDS in systemd's documentation).
 */
public final class UidRanges {
    /** Root's alone, and gone with the next start of the machine. */
    public static final Path DEFAULT_FOLDER = Path.of("/run/skerry-uid-ranges");

    /** Names that the owner of a claim may have. */
    private static final Pattern OWNER = Pattern.compile("[A-Za-z0-9._-]{1,80}(/[A-Za-z0-9._-]{1,80}){0,2}");

    private static final int FIRST = 0x70000000;
    private static final int END = 0x7ffe0000;
    private static final int SLOTS = (END - FIRST) / Range.COUNT;

    private final Path owners;
    private final Path ranges;
    private final ClaimLock lock;
    private final BitSet taken;

    /**
     * Ids from {@code first} on, for users and groups alike.
     *
     * @param first the id on the host of user 0 inside
     */
    public record Range(int first) {
        /** Ids in a range. */
        public static final int COUNT = 65_536;

        static Range named(String text) {
            return new Range(Integer.parseInt(text, 16));
        }

        String name() {
            return Integer.toHexString(first);
        }
    }

    private UidRanges(Path folder, BitSet taken) {
        this.owners = folder.resolve("owners");
        this.ranges = folder.resolve("ranges");
        this.lock = new ClaimLock(folder.resolve("lock"), ClaimLock.WAIT_MAX);
        this.taken = taken;
    }

    /**
     * Opens the claims of this machine, or makes the empty folder.
     *
     * @param folder {@link #DEFAULT_FOLDER} outside of tests; all processes must name the same
     * @throws Failure {@code UNSUPPORTED} when the folder cannot be made
     */
    public static UidRanges open(Path folder) {
        return open(folder, UsedIds.ofThisMachine());
    }

    static UidRanges open(Path folder, List<UsedIds> used) {
        var taken = new BitSet(SLOTS);
        used.forEach(ids -> mark(taken, ids));
        try {
            var boot =
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
            var opened = new UidRanges(folder.resolve(boot), taken);
            var onlyUs = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
            Files.createDirectories(opened.owners, onlyUs);
            Files.createDirectories(opened.ranges, onlyUs);
            return opened;
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the claims of user ids cannot be kept in " + folder + ": " + e.getMessage(),
                    "run as root",
                    e);
        }
    }

    private static void mark(BitSet taken, UsedIds ids) {
        long first = Math.max(0, Math.floorDiv(ids.first() - FIRST, (long) Range.COUNT));
        long last = Math.min(SLOTS - 1L, Math.floorDiv(ids.first() + ids.count() - 1 - FIRST, (long) Range.COUNT));
        if (first <= last) {
            taken.set((int) first, (int) last + 1);
        }
    }

    /**
     * Claims a range. Claiming again for the same owner returns the same one.
     *
     * @param owner {@code <instance>/<sandbox>.<generation>}
     * @throws Failure {@code NO_CAPACITY} when every range is taken, {@code DEADLINE_EXCEEDED} when another process
     * holds the lock
     */
    public Range claim(String owner) {
        Path link = owners.resolve(fileName(owner));
        return lock.holding(() -> {
            var before = target(link);
            if (before.isPresent()) {
                if (isClaimedBy(before.get(), owner)) {
                    return Range.named(before.get());
                }
                Files.deleteIfExists(link);
            }
            int start = ThreadLocalRandom.current().nextInt(SLOTS);
            for (int i = 0; i < SLOTS; i++) {
                int slot = (start + i) % SLOTS;
                var range = new Range(FIRST + slot * Range.COUNT);
                if (!taken.get(slot) && take(range, owner, link)) {
                    return range;
                }
            }
            throw new Failure(
                    ErrorCode.NO_CAPACITY,
                    "all " + (SLOTS - taken.cardinality()) + " ranges of user ids are taken",
                    "destroy sandboxes; `skerry doctor --clean` releases what crashed instances left");
        });
    }

    private boolean take(Range range, String owner, Path link) throws IOException {
        Path claim = ranges.resolve(range.name());
        if (Files.exists(claim, LinkOption.NOFOLLOW_LINKS)) {
            return false;
        }
        Files.createSymbolicLink(link, Path.of(range.name()));
        try {
            Files.createSymbolicLink(claim, Path.of(owner));
            return true;
        } catch (FileAlreadyExistsException e) {
            // Only somebody who does not take the lock; the claim is theirs.
            Files.deleteIfExists(link);
            return false;
        }
    }

    /** Gives the owner's range back; an owner without one is success. Only when none of its ids is in use any more. */
    public void release(String owner) {
        Path link = owners.resolve(fileName(owner));
        lock.holding(() -> {
            var range = target(link);
            if (range.isPresent() && isClaimedBy(range.get(), owner)) {
                Files.deleteIfExists(ranges.resolve(range.get()));
            }
            return Files.deleteIfExists(link);
        });
    }

    /** Every claim of this machine by owner, those of other instances included. */
    public SortedMap<String, Range> claims() {
        return lock.holding(() -> {
            var found = new TreeMap<String, Range>();
            var claimed = new ArrayList<Path>();
            try (var entries = Files.newDirectoryStream(ranges)) {
                entries.forEach(claimed::add);
            }
            for (var claim : claimed) {
                target(claim)
                        .ifPresent(owner ->
                                found.put(owner, Range.named(claim.getFileName().toString())));
            }
            return found;
        });
    }

    private boolean isClaimedBy(String range, String owner) throws IOException {
        return target(ranges.resolve(range)).filter(owner::equals).isPresent();
    }

    private static Optional<String> target(Path link) throws IOException {
        try {
            return Optional.of(Files.readSymbolicLink(link).toString());
        } catch (NoSuchFileException | NotLinkException e) {
            return Optional.empty();
        }
    }

    private static String fileName(String owner) {
        if (!OWNER.matcher(owner).matches()) {
            throw new IllegalArgumentException("not an owner of user ids: '" + owner + "'");
        }
        return owner.replace('/', '+');
    }
}
