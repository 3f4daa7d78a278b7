package dev.skerry.host.templates;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * The database of dpkg (Debian, Ubuntu): {@code /var/lib/dpkg/status}, the file lists in {@code info/}, diversions and
 * alternatives. Formats: dpkg(1), deb-conffiles(5), dpkg-divert(1), update-alternatives(1).
 */
final class DpkgDatabase implements PackageDatabase {
    /** States in which a package's files are all there (dpkg(1), "Package states"). */
    private static final Set<String> UNPACKED = Set.of("installed", "triggers-awaited", "triggers-pending");

    /** What a new base must also follow, though no package changes: generated files and the administrator's choices. */
    private static final List<String> WATCHED = List.of(
            "var/lib/dpkg/status",
            "var/lib/dpkg/diversions",
            "etc/alternatives",
            "etc/ssl/certs",
            "etc/ssl/certs/ca-certificates.crt",
            "etc/ssl/certs/java/cacerts",
            "usr/lib/locale/locale-archive");

    private static final Pattern MERGED = Pattern.compile("^/(bin|sbin|lib|lib32|lib64|libx32|libo32)(/|$)");

    private final Path root;

    DpkgDatabase(Path root) {
        this.root = root;
    }

    /** @param conffiles path to MD5 as shipped */
    private record Installed(String name, String architecture, String version, Map<String, String> conffiles) {
        String identity() {
            return name + ":" + architecture + " " + version;
        }
    }

    private record Diversion(String to, String owner) {}

    @Override
    public String fingerprint() throws IOException {
        var text = new StringBuilder();
        for (String path : WATCHED) {
            text.append(path).append(' ');
            try {
                var attributes =
                        Files.readAttributes(root.resolve(path), BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                text.append(attributes.lastModifiedTime().toInstant())
                        .append(' ')
                        .append(attributes.size())
                        .append(' ')
                        .append(attributes.fileKey());
            } catch (NoSuchFileException e) {
                text.append('-');
            }
            text.append('\n');
        }
        return text.toString();
    }

    @Override
    public String identity() throws IOException {
        var lines = new TreeSet<String>();
        List<Installed> installed = installed();
        installed.forEach(one -> lines.add(one.identity()));
        pristine(installed).forEach(path -> lines.add("pristine " + path));
        for (var alternative : alternatives()) {
            for (var link : alternative.links()) {
                Libc.readLink(Libc.AT_FDCWD, hostPath("etc/alternatives/" + link.name()))
                        .ifPresent(target -> lines.add("alternative " + link.name() + " " + target));
            }
        }
        diversions().forEach((from, to) -> lines.add("diversion " + from + " " + to.to + " " + to.owner));
        for (String generated : WATCHED.subList(4, WATCHED.size())) {
            lines.add(generated + " " + digestOf(generated, "SHA-256").orElse("-"));
        }
        return String.join("\n", lines);
    }

    @Override
    public Contents contents() throws IOException {
        List<Installed> installed = installed();
        var diversions = diversions();
        var files = new HashSet<String>(1 << 17);
        var pristine = pristine(installed);
        for (Installed one : installed) {
            for (String line : fileList(one)) {
                String path = divert(line, one.name, diversions);
                if (path.startsWith("/usr/")) {
                    files.add(path.substring(1));
                } else if (path.startsWith("/etc/")
                        && BaseEtc.wanted(path.substring(1))
                        && Libc.readLink(Libc.AT_FDCWD, hostPath(path)).isPresent()) {
                    pristine.add(path.substring(1));
                }
            }
        }
        return new Contents(List.copyOf(files), List.copyOf(pristine), alternatives());
    }

    private Set<String> pristine(List<Installed> installed) throws IOException {
        Map<String, String> shipped = ucfHashes();
        installed.forEach(one -> shipped.putAll(one.conffiles));
        var found = new TreeSet<String>();
        for (var conffile : shipped.entrySet()) {
            String path = conffile.getKey().substring(1);
            if (BaseEtc.wanted(path) && digestOf(path, "MD5").equals(Optional.of(conffile.getValue()))) {
                found.add(path);
            }
        }
        return found;
    }

    private static String merged(String path) {
        var matcher = MERGED.matcher(path);
        return matcher.lookingAt() ? "/usr" + path : path;
    }

    /** A package other than the diversion's owner has its file under the other name. */
    private static String divert(String listed, String owner, Map<String, Diversion> diversions) {
        var diversion = diversions.get(listed);
        boolean moved = diversion != null && !diversion.owner.equals(owner);
        return merged(moved ? diversion.to : listed);
    }

    private List<Installed> installed() throws IOException {
        var found = new ArrayList<Installed>();
        var fields = new HashMap<String, String>();
        String field = "";
        for (String line : lines(root.resolve("var/lib/dpkg/status"))) {
            if (line.isEmpty()) {
                add(fields, found);
                fields.clear();
                continue;
            }
            int colon = line.indexOf(':');
            if (line.startsWith(" ")) {
                if (field.equals("Conffiles")) {
                    fields.merge(field, line + "\n", String::concat);
                }
            } else if (colon > 0) {
                field = line.substring(0, colon);
                fields.put(field, line.substring(colon + 1).strip());
            }
        }
        add(fields, found);
        if (found.isEmpty()) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    root.resolve("var/lib/dpkg/status") + " lists no installed package",
                    "import an OCI image and name it as the template");
        }
        return found;
    }

    private static void add(Map<String, String> fields, List<Installed> found) {
        String[] status = fields.getOrDefault("Status", "").split(" ", -1);
        if (status.length != 3 || !UNPACKED.contains(status[2])) {
            return;
        }
        var conffiles = new HashMap<String, String>();
        for (String line : fields.getOrDefault("Conffiles", "").split("\n", -1)) {
            String[] words = line.strip().split(" ", -1);
            // A third word says obsolete or remove-on-upgrade: no longer the package's.
            if (words.length == 2 && words[0].startsWith("/etc/")) {
                conffiles.put(words[0], words[1]);
            }
        }
        found.add(new Installed(
                fields.getOrDefault("Package", ""),
                fields.getOrDefault("Architecture", ""),
                fields.getOrDefault("Version", ""),
                conffiles));
    }

    private List<String> fileList(Installed one) throws IOException {
        Path info = root.resolve("var/lib/dpkg/info");
        Path qualified = info.resolve(one.name + ":" + one.architecture + ".list");
        return lines(Files.exists(qualified) ? qualified : info.resolve(one.name + ".list"));
    }

    private Map<String, Diversion> diversions() throws IOException {
        var lines = lines(root.resolve("var/lib/dpkg/diversions"));
        var found = new HashMap<String, Diversion>();
        for (int i = 0; i + 2 < lines.size(); i += 3) {
            found.put(lines.get(i), new Diversion(lines.get(i + 1), lines.get(i + 2)));
        }
        return found;
    }

    /** Configuration that ucf(1) manages instead of dpkg: "MD5  path" a line. */
    private Map<String, String> ucfHashes() throws IOException {
        var found = new HashMap<String, String>();
        for (String line : lines(root.resolve("var/lib/ucf/hashfile"))) {
            String[] words = line.split(" +", 2);
            if (words.length == 2 && words[1].startsWith("/etc/")) {
                found.put(words[1], words[0]);
            }
        }
        return found;
    }

    private List<Alternative> alternatives() throws IOException {
        var found = new ArrayList<Alternative>();
        Path folder = root.resolve("var/lib/dpkg/alternatives");
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
                for (Path file : files) {
                    found.add(parseAlternative(folder.relativize(file).toString(), lines(file)));
                }
            }
        }
        return found;
    }

    /** Mode, link, slaves (name, link) until an empty line; then per choice: path, priority, one line per slave. */
    private static Alternative parseAlternative(String name, List<String> lines) {
        var links = new ArrayList<Alternative.Link>();
        var choices = new ArrayList<Alternative.Choice>();
        int at = 1;
        for (String linkName = name; at < lines.size(); at += 2) {
            links.add(new Alternative.Link(linkName, merged(lines.get(at)).substring(1)));
            if (at + 2 >= lines.size() || lines.get(at + 1).isEmpty()) {
                break;
            }
            linkName = lines.get(at + 1);
        }
        for (at += 2; at + links.size() < lines.size() && !lines.get(at).isEmpty(); at += 1 + links.size()) {
            var targets = new ArrayList<String>(List.of(lines.get(at)));
            targets.addAll(lines.subList(at + 2, at + 1 + links.size()));
            choices.add(new Alternative.Choice(Integer.parseInt(lines.get(at + 1)), targets));
        }
        return new Alternative(links, choices);
    }

    private String hostPath(String path) {
        return Folder.bytesOf(root) + "/" + path;
    }

    private Optional<String> digestOf(String path, String algorithm) throws IOException {
        var stat = Libc.stat(Libc.AT_FDCWD, hostPath(path));
        if (stat.isEmpty() || !stat.get().isFile() || !stat.get().othersMay(4)) {
            return Optional.empty();
        }
        try {
            var digest = MessageDigest.getInstance(algorithm);
            return Optional.of(HexFormat.of().formatHex(digest.digest(Files.readAllBytes(root.resolve(path)))));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> lines(Path file) throws IOException {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1)
                    .lines()
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }
}
