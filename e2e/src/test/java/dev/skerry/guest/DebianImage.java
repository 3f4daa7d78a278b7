package dev.skerry.guest;

import dev.skerry.host.templates.LockFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;

/**
 * The root file system of a small Debian 12 with systemd, and two kernels for it: half a minute to make, so it is kept
 * until what goes into it changes. Debian's cloud kernel has NVMe and ext4 built in and starts without an initial RAM
 * disk; its user-mode kernel is a program.
 *
 * @param folder holds root.img, vmlinuz and linux.uml
 */
record DebianImage(Path folder) {
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final String SUITE = "bookworm";
    private static final String SIZE = "6G";
    /** A program that does that and no more. */
    static final String POWER_OFF = "/usr/local/sbin/power-off";

    /**
     * What the launcher asks for before it runs the server, no more, and what tests look at the host with (iproute2,
     * procps).
     */
    private static final List<String> PACKAGES = List.of(
            "systemd-sysv",
            "linux-image-cloud-amd64",
            "user-mode-linux",
            "crun",
            "python3",
            "ca-certificates",
            "e2fsprogs",
            "sudo",
            "git",
            "curl",
            "libnss-myhostname",
            "iproute2",
            "procps");

    private static final List<String> OPTIONS = List.of(
            "--variant=minbase",
            "--include=" + String.join(",", PACKAGES),
            "--aptopt=APT::Install-Recommends \"false\"",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*",
            SUITE);

    Path root() {
        return folder.resolve("root.img");
    }

    Path kernel() {
        return folder.resolve("vmlinuz");
    }

    Path userModeKernel() {
        return folder.resolve("linux.uml");
    }

    /** @param store where images are kept between runs, of all clones */
    static DebianImage make(Path store) throws IOException, InterruptedException {
        Files.createDirectories(store);
        Path file = store.resolve("lock");
        try (LockFile _ = LockFile.acquire(file, LockFile.Kind.EXCLUSIVE, BOUND, "another run makes the image")) {
            return makeAlone(store);
        }
    }

    private static DebianImage makeAlone(Path store) throws IOException, InterruptedException {
        String unit = resource("skerry-tests.service");
        String powerOff = resource("power-off");
        DebianImage image = new DebianImage(store.resolve("debian-" + checksum(OPTIONS + SIZE + unit + powerOff)));
        if (Files.exists(image.kernel())) {
            return image;
        }
        removeOthers(store);
        Path fresh = Files.createDirectories(store.resolve("new"));
        Path tree = fresh.resolve("root");
        List<String> arguments = new ArrayList<>(OPTIONS);
        arguments.add(tree.toString());
        Tool.MMDEBSTRAP.run(fresh.resolve("mmdebstrap.log"), BOUND, arguments);
        prepare(tree, unit);
        Path program = Files.writeString(tree.resolve(POWER_OFF.substring(1)), powerOff);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        ext4(tree, fresh.resolve("root.img"), SIZE);
        Files.move(kernelOf(tree), fresh.resolve("vmlinuz"));
        Files.move(tree.resolve("usr/bin/linux.uml"), fresh.resolve("linux.uml"));
        removeTree(tree);
        Files.move(fresh, image.folder(), StandardCopyOption.ATOMIC_MOVE);
        return image;
    }

    /** Images of other content, and what a run that was killed has left. */
    private static void removeOthers(Path store) throws IOException {
        try (Stream<Path> entries = Files.list(store)) {
            for (Path entry : entries.filter(Files::isDirectory).toList()) {
                removeTree(entry);
            }
        }
    }

    private static void prepare(Path tree, String unit) throws IOException {
        Files.createDirectories(tree.resolve("opt/skerry"));
        Files.writeString(tree.resolve("etc/fstab"), "LABEL=" + Payload.LABEL + " /opt/skerry ext4 ro 0 0\n");
        Path units = tree.resolve("etc/systemd/system");
        Files.writeString(units.resolve("skerry-tests.service"), unit);
        Path wanted = Files.createDirectories(units.resolve("multi-user.target.wants"));
        Files.createSymbolicLink(wanted.resolve("skerry-tests.service"), Path.of("../skerry-tests.service"));
        try (Stream<Path> versions = Files.list(tree.resolve("usr/lib/uml/modules"))) {
            for (Path version : versions.toList()) {
                Files.move(version, tree.resolve("usr/lib/modules").resolve(version.getFileName()));
            }
        }
    }

    private static Path kernelOf(Path tree) throws IOException {
        try (Stream<Path> files = Files.list(tree.resolve("boot"))) {
            return files.filter(file -> file.getFileName().toString().startsWith("vmlinuz-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** A file system with the content of a folder, labelled by its name; with no journal, as it lives for one boot. */
    static void ext4(Path folder, Path image, String size) throws IOException, InterruptedException {
        Path log = image.resolveSibling("mke2fs.log");
        String label = image.getFileName().toString();
        List<String> options = List.of("-q", "-F", "-t", "ext4", "-O", "^has_journal", "-L", label, "-d");
        List<String> arguments = new ArrayList<>(options);
        arguments.addAll(List.of(folder.toString(), image.toString(), size));
        Tool.MKE2FS.run(log, BOUND, arguments);
    }

    /** Links are deleted, never followed. */
    static void removeTree(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (Stream<Path> entries = Files.walk(tree)) {
            for (Path entry : entries.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(entry);
            }
        }
    }

    static String resource(String name) throws IOException {
        try (var in = DebianImage.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("no resource " + name);
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String checksum(String text) {
        var sum = new CRC32();
        sum.update(text.getBytes(StandardCharsets.UTF_8));
        return Long.toHexString(sum.getValue());
    }
}
