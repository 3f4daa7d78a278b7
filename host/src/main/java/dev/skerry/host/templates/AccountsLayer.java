package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A layer on top of an image that lacks what every sandbox has: the users {@code root} and {@code user}, a home, and
 * mount points. The image's own entries stay as they are; if another name has uid 1000, {@code user} gets the next free
 * one.
 */
final class AccountsLayer {
    private static final int FILE_BYTES_MAX = 1 << 20;
    private static final int FIRST_ID = 1000;
    private static final int LAST_ID = 59_999;
    private static final Map<String, Integer> MOUNT_POINTS =
            Map.of("/proc", 0555, "/sys", 0555, "/dev", 0755, "/tmp", 01777);

    private final TreeView image;
    private final TreeMap<String, Item> items = new TreeMap<>();

    AccountsLayer(TreeView image) {
        this.image = image;
    }

    /** A file, or a folder if there is no content. */
    private record Item(int mode, int uid, int gid, Optional<String> content) {}

    private record Account(int uid, int gid, String home, String shell) {}

    /** A layer that is to be made: content by path without a leading slash. */
    record Plan(String digest, TreeMap<String, Item> items) {
        LayerFacts facts() {
            return new LayerFacts(false, items.size(), 0, List.of());
        }

        void write(Path tree) throws IOException {
            try (var root = Folder.open(tree)) {
                for (var entry : items.entrySet()) {
                    int slash = entry.getKey().lastIndexOf('/');
                    String name = entry.getKey().substring(slash + 1);
                    Item item = entry.getValue();
                    try (var folder =
                            root.beneath(slash < 0 ? "" : entry.getKey().substring(0, slash))) {
                        if (item.content.isPresent()) {
                            folder.write(name, item.content.get().getBytes(StandardCharsets.ISO_8859_1), item.mode);
                        } else {
                            folder.makeFolder(name);
                        }
                        folder.setOwnerAndMode(name, item.uid, item.gid, item.mode);
                    }
                }
            }
        }
    }

    /** Empty if the image has everything. */
    Optional<Plan> needed() throws IOException {
        MOUNT_POINTS.forEach((path, mode) -> {
            if (image.find(path).isEmpty()) {
                addFolder(path, new Item(mode, 0, 0, Optional.empty()));
            }
        });
        String passwd = read("/etc/passwd").orElse("");
        String complete = passwd;
        if (!names(passwd).contains("root")) {
            complete = "root:x:0:0:root:/root:" + shell() + "\n" + complete;
        }
        String group = read("/etc/group").orElse("");
        if (!names(passwd).contains("user")) {
            Account account = account(passwd, group);
            complete = append(
                    complete,
                    "user:x:" + account.uid + ":" + account.gid + ":user:" + account.home + ":" + account.shell);
            addGroup(group, account.gid);
            Optional<String> shadow = read("/etc/shadow");
            if (shadow.isPresent() && !names(shadow.get()).contains("user")) {
                addFile("shadow", 0600, append(shadow.get(), "user:*:19000:0:99999:7:::"));
            }
            if (image.find(account.home).isEmpty()) {
                addFolder(account.home, new Item(0755, account.uid, account.gid, Optional.empty()));
            }
        } else if (!names(group).contains("root")) {
            addFile("group", 0644, "root:x:0:\n" + group);
        }
        if (!complete.equals(passwd)) {
            addFile("passwd", 0644, complete);
        }
        return items.isEmpty() ? Optional.empty() : Optional.of(new Plan(digest(), items));
    }

    private String shell() {
        return image.find("/bin/bash").isPresent() ? "/bin/bash" : "/bin/sh";
    }

    private Account account(String passwd, String group) {
        Set<Integer> uids = ids(passwd);
        Set<Integer> gids = ids(group);
        int uid = free(uids, FIRST_ID);
        Optional<Integer> existing = group.lines()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length > 2 && fields[0].equals("user"))
                .flatMap(fields -> number(fields[2]).stream())
                .findFirst();
        int gid = existing.orElseGet(() -> free(gids, uid));
        boolean homes =
                image.find("/home").map(place -> place.stat().isDirectory()).orElse(true);
        return new Account(uid, gid, homes ? "/home/user" : "/", shell());
    }

    private static int free(Set<Integer> taken, int from) {
        for (int id = from; id <= LAST_ID; id++) {
            if (!taken.contains(id)) {
                return id;
            }
        }
        throw new Failure(ErrorCode.INVALID_REQUEST, "the image leaves no id free between " + from + " and " + LAST_ID);
    }

    private void addGroup(String group, int gid) throws IOException {
        String complete = names(group).contains("root") ? group : "root:x:0:\n" + group;
        if (!names(group).contains("user")) {
            complete = append(complete, "user:x:" + gid + ":");
        }
        if (!complete.equals(group)) {
            addFile("group", 0644, complete);
        }
    }

    private static String append(String text, String line) {
        return text + (text.isEmpty() || text.endsWith("\n") ? "" : "\n") + line + "\n";
    }

    private static Set<String> names(String text) {
        var found = new HashSet<String>();
        text.lines().forEach(line -> found.add(line.split(":", 2)[0]));
        return found;
    }

    private static Set<Integer> ids(String text) {
        var found = new HashSet<Integer>();
        text.lines()
                .map(line -> line.split(":", -1))
                .filter(fields -> fields.length > 2)
                .forEach(fields -> number(fields[2]).ifPresent(found::add));
        return found;
    }

    private static Optional<Integer> number(String text) {
        return text.matches("[0-9]{1,9}") ? Optional.of(Integer.parseInt(text)) : Optional.empty();
    }

    private Optional<String> read(String path) throws IOException {
        var place = image.find(path);
        if (place.isEmpty()) {
            return Optional.empty();
        }
        if (!place.get().stat().isFile() || place.get().stat().size() > FILE_BYTES_MAX) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the image's " + path + " is no file, or has more than " + FILE_BYTES_MAX + " bytes",
                    "the image is damaged; nothing of it was kept");
        }
        return Optional.of(Files.readString(place.get().hostPath(), StandardCharsets.ISO_8859_1));
    }

    /** In {@code /etc}, with the owner and mode of the image's file of that name. */
    private void addFile(String name, int mode, String content) {
        var etc = addParents("/etc");
        var present = image.find("/etc/" + name).map(TreeView.Place::stat);
        var item = new Item(
                present.map(FileStat::permissions).orElse(mode),
                present.map(FileStat::uid).orElse(0),
                present.map(FileStat::gid).orElse(0),
                Optional.of(content));
        items.put(etc + name, item);
    }

    private void addFolder(String path, Item item) {
        int slash = path.lastIndexOf('/');
        items.put(addParents(path.substring(0, slash)) + path.substring(slash + 1), item);
    }

    /**
     * Overlayfs shows the attributes of the topmost folder, so those of the image's are repeated. Links are resolved
     * first.
     */
    private String addParents(String path) {
        if (path.isEmpty()) {
            return "";
        }
        var place = image.find(path);
        if (place.isPresent() && !place.get().stat().isDirectory()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "the image's " + path + " is no folder");
        }
        String real = place.map(TreeView.Place::path).orElse(path);
        var prefix = new StringBuilder();
        for (String name : real.substring(1).split("/", -1)) {
            prefix.append(name);
            var stat = image.find("/" + prefix).map(TreeView.Place::stat);
            items.putIfAbsent(
                    prefix.toString(),
                    new Item(
                            stat.map(FileStat::permissions).orElse(0755),
                            stat.map(FileStat::uid).orElse(0),
                            stat.map(FileStat::gid).orElse(0),
                            Optional.empty()));
            prefix.append('/');
        }
        return prefix.toString();
    }

    private String digest() {
        var lines = new ArrayList<String>();
        items.forEach((path, item) -> lines.add(path + " " + item));
        return Digests.sha256(("skerry accounts 1\n" + String.join("\n", lines)).getBytes(StandardCharsets.UTF_8));
    }
}
