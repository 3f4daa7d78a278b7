package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Applies the members of one layer to an empty tree, trusting none of them.
 *
 * <p>Every folder is opened beneath the tree's root without following any link (openat2(2)), so a member cannot act
 * outside, whatever the members before it planted. No file that exists is ever opened: it is removed and made anew.
 */
final class LayerUnpacker implements AutoCloseable {
    private static final int ID_MAX = 65_535;
    private static final int ATTRIBUTES_NOTED_MAX = 8;

    private static final String WHITEOUT = ".wh.";
    private static final String AUFS = ".wh..wh.";
    private static final String OPAQUE = ".wh..wh..opq";

    private final Folder root;
    private final ImportBudget budget;
    private final byte[] buffer = new byte[128 << 10];
    private final FolderTimes folderTimes = new FolderTimes();
    private final TreeSet<String> droppedAttributes = new TreeSet<>();
    private boolean hasSetuid;
    private long specials;
    private long entries;
    private long bytes;

    /** The folder of the member at hand, kept open because the next one is mostly in it too. */
    private String parentPath = "";

    private Folder parent;

    LayerUnpacker(Folder root, ImportBudget budget) throws IOException {
        this.root = root;
        this.budget = budget;
        this.parent = root.beneath("");
    }

    /** Applies all members of an archive. */
    LayerFacts unpack(TarReader archive) throws IOException {
        for (var entry = archive.next(); entry.isPresent(); entry = archive.next()) {
            apply(entry.get(), archive);
        }
        for (var folder : folderTimes.all()) {
            setFolderTime(folder);
        }
        var notes = new ArrayList<String>();
        if (specials > 0) {
            notes.add(specials + " device nodes or FIFOs were left out");
        }
        if (!droppedAttributes.isEmpty()) {
            notes.add("extended attributes were left out: " + String.join(", ", droppedAttributes));
        }
        return new LayerFacts(hasSetuid, entries, bytes, notes);
    }

    private void apply(TarEntry entry, TarReader archive) throws IOException {
        budget.entry();
        entries++;
        var path = EntryPath.parse(entry.path());
        long idMax = Math.max(entry.uid(), entry.gid());
        if (idMax > ID_MAX || Math.min(entry.uid(), entry.gid()) < 0) {
            throw EntryPath.refused(
                    entry.path(), "belongs to " + entry.uid() + ":" + entry.gid() + "; ids go to " + ID_MAX);
        }
        if (path.isRoot()) {
            if (entry.type() != TarEntry.Type.FOLDER) {
                throw EntryPath.refused(entry.path(), "would replace the root by something that is no folder");
            }
            enter("", entry.path());
            finishFolder(".", path, entry);
            return;
        }
        for (String name : path.names().subList(0, path.names().size() - 1)) {
            if (name.startsWith(WHITEOUT)) {
                throw EntryPath.refused(entry.path(), "lies in a whiteout");
            }
        }
        if (path.name().startsWith(WHITEOUT)) {
            whiteout(path, entry);
            return;
        }
        if (entry.type() == TarEntry.Type.SPECIAL) {
            specials++;
            return;
        }
        enter(path.parent(), entry.path());
        switch (entry.type()) {
            case FILE -> file(path.name(), entry, archive);
            case HARD_LINK -> hardLink(path, entry);
            case SYMLINK -> symlink(path.name(), entry);
            case FOLDER -> {
                folder(path.name());
                finishFolder(path.name(), path, entry);
            }
            case SPECIAL -> throw new IllegalStateException("left out above");
        }
    }

    /** Makes the folder the current one, and makes it if no member did. */
    private void enter(String path, String entryPath) throws IOException {
        if (path.equals(parentPath)) {
            return;
        }
        parent.close();
        parentPath = "";
        parent = root.beneath("");
        try {
            replaceParent(path);
        } catch (NativeError e) {
            if (e.errno() != NativeError.ENOENT && e.errno() != NativeError.ELOOP && e.errno() != NativeError.ENOTDIR) {
                throw e;
            }
            climb(path, entryPath);
        }
        parentPath = path;
    }

    private void replaceParent(String path) throws IOException {
        Folder opened = parent.beneath(path);
        parent.close();
        parent = opened;
    }

    private void climb(String path, String entryPath) throws IOException {
        for (String name : path.split("/", -1)) {
            Optional<FileStat> stat = parent.stat(name);
            if (stat.isEmpty() || stat.get().isWhiteout()) {
                budget.entry();
                folder(name);
                parent.setOwnerAndMode(name, 0, 0, 0755);
            } else if (!stat.get().isDirectory()) {
                throw EntryPath.refused(
                        entryPath, "lies behind '" + Folder.readable(name) + "', which is no folder in this layer");
            }
            replaceParent(name);
        }
    }

    private void whiteout(EntryPath path, TarEntry entry) throws IOException {
        String name = path.name();
        String target = name.substring(WHITEOUT.length());
        if (target.isEmpty() || target.equals(".") || target.equals("..")) {
            throw EntryPath.refused(entry.path(), "is a whiteout of nothing");
        }
        if (name.startsWith(AUFS) && !name.equals(OPAQUE)) {
            // Housekeeping of an old file system that some archives still carry.
            return;
        }
        enter(path.parent(), entry.path());
        if (name.equals(OPAQUE)) {
            if (parentPath.isEmpty()) {
                throw EntryPath.refused(entry.path(), "would hide every layer below");
            }
            parent.makeOpaque(".");
            return;
        }
        Optional<FileStat> stat = parent.stat(target);
        if (stat.isEmpty()) {
            parent.whiteout(target);
        } else if (stat.get().isDirectory()) {
            // The whiteout is of what lower layers have; the folder is this layer's own (OCI image layer.md,
            // "Whiteouts").
            parent.makeOpaque(target);
        }
    }

    private void folder(String name) throws IOException {
        Optional<FileStat> stat = parent.stat(name);
        if (stat.isPresent() && stat.get().isDirectory()) {
            return;
        }
        parent.remove(name);
        parent.makeFolder(name);
        if (stat.isPresent() && stat.get().isWhiteout()) {
            parent.makeOpaque(name);
        }
    }

    private void finishFolder(String name, EntryPath path, TarEntry entry) throws IOException {
        parent.setOwnerAndMode(name, (int) entry.uid(), (int) entry.gid(), entry.mode());
        attributes(name, entry);
        // Later members change the time again, so it is set at the end.
        folderTimes.add(path, entry.mtimeNanos());
    }

    private void setFolderTime(FolderTimes.Entry folder) throws IOException {
        boolean isRoot = folder.path().isRoot();
        try (var above = root.beneath(isRoot ? "" : folder.path().parent())) {
            String name = isRoot ? "." : folder.path().name();
            if (above.stat(name).filter(FileStat::isDirectory).isPresent()) {
                setTime(above, name, folder.mtimeNanos());
            }
        } catch (NativeError e) {
            if (e.errno() != NativeError.ENOENT && e.errno() != NativeError.ELOOP && e.errno() != NativeError.ENOTDIR) {
                throw e;
            }
            // A later member replaced a folder above it: there is no time to set.
        }
    }

    private static void setTime(Folder in, String name, long nanos) throws NativeError {
        int result = Libc.changeTime(in.descriptor(), name, nanos / 1_000_000_000L, nanos % 1_000_000_000L);
        Folder.check(result, "utimensat", name);
    }

    private void file(String name, TarEntry entry, TarReader archive) throws IOException {
        budget.file(entry.size());
        bytes += entry.size();
        parent.remove(name);
        try (var output = parent.create(name)) {
            var extents = entry.extents().orElse(List.of(new TarEntry.Extent(0, entry.size())));
            for (var extent : extents) {
                if (entry.extents().isPresent()) {
                    output.seek(extent.offset());
                }
                copy(archive, output, extent.length());
            }
            if (entry.extents().isPresent()) {
                output.truncate(entry.size());
            }
        }
        parent.setOwnerAndMode(name, (int) entry.uid(), (int) entry.gid(), entry.mode());
        attributes(name, entry);
        setTime(parent, name, entry.mtimeNanos());
        boolean setGroup = (entry.mode() & 02000) != 0 && (entry.mode() & 0111) != 0;
        hasSetuid |= (entry.mode() & 04000) != 0 || setGroup;
    }

    private void copy(TarReader archive, Folder.Output output, long length) throws IOException {
        long left = length;
        while (left > 0) {
            int count = archive.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (count == 0) {
                throw TarNumbers.bad("a file has less content than its size");
            }
            output.write(buffer, count);
            left -= count;
        }
    }

    private void symlink(String name, TarEntry entry) throws IOException {
        String target = entry.linkTarget();
        if (target.isEmpty() || target.length() > 4095 || target.indexOf('\0') >= 0) {
            throw EntryPath.refused(entry.path(), "is a symbolic link to nothing");
        }
        parent.remove(name);
        parent.symlink(target, name);
        int owner = Libc.changeOwner(parent.descriptor(), name, (int) entry.uid(), (int) entry.gid());
        Folder.check(owner, "chown", name);
        setTime(parent, name, entry.mtimeNanos());
    }

    private void hardLink(EntryPath path, TarEntry entry) throws IOException {
        var target = EntryPath.parse(entry.linkTarget());
        if (target.isRoot() || target.equals(path)) {
            throw EntryPath.refused(entry.path(), "is a hard link to itself or to the root");
        }
        try (var from = root.beneath(target.parent())) {
            if (from.stat(target.name())
                    .filter(stat -> stat.isFile() || stat.isSymlink())
                    .isEmpty()) {
                throw notInThisLayer(entry);
            }
            parent.remove(path.name());
            parent.linkFrom(from, target.name(), path.name());
        } catch (NativeError e) {
            if (e.errno() == NativeError.ENOENT || e.errno() == NativeError.ELOOP || e.errno() == NativeError.ENOTDIR) {
                throw notInThisLayer(entry);
            }
            if (e.errno() == NativeError.EMLINK) {
                throw EntryPath.refused(entry.path(), "is one hard link more than the file system allows");
            }
            throw e;
        }
    }

    private static Failure notInThisLayer(TarEntry entry) {
        return EntryPath.refused(
                entry.path(),
                "is a hard link to '" + Folder.readable(entry.linkTarget()) + "', which is no file of the same layer");
    }

    private void attributes(String name, TarEntry entry) throws IOException {
        for (var attribute : entry.attributes().entrySet()) {
            String key = attribute.getKey();
            // user.overlay.* means something to an overlay mounted with userxattr.
            boolean wanted = key.startsWith("user.") && !key.startsWith("user.overlay.") && key.indexOf('\0') < 0;
            int result = wanted ? Libc.setAttribute(parent.procPath(name), key, attribute.getValue()) : -1;
            if (wanted && result == -NativeError.EDQUOT) {
                throw new Failure(ErrorCode.NO_SPACE, "the disk is full", "free some space");
            }
            if (result < 0 && droppedAttributes.size() < ATTRIBUTES_NOTED_MAX && key.length() < 256) {
                droppedAttributes.add(key.replaceAll("[^ -~]", "?"));
            }
        }
    }

    @Override
    public void close() {
        parent.close();
    }
}
