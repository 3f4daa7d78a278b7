package dev.skerry.host.templates;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What {@code base} leaves out on purpose, for sandboxes that may have it: the host's sudo as the one setuid program,
 * and settings by which {@code user} may become anybody without a password. Within a sandbox that is root of its own
 * user namespace. A copy, not a link: the host's file keeps its bits, and this one its content. These are the sandboxes
 * of people at work, so {@code python} is there too, where only {@code python3} is packaged.
 */
final class SudoLayer {
    private static final String PROGRAM = "usr/bin/sudo";
    private static final int SETUID_PROGRAM = 04755;
    private static final int SECRET = 0440;

    private static final Map<String, String> SETTINGS = Map.of(
            "etc/sudoers",
            """
                    Defaults env_reset, !fqdn, !use_pty
                    Defaults secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                    root ALL=(ALL:ALL) NOPASSWD: ALL
                    user ALL=(ALL:ALL) NOPASSWD: ALL
                    """,
            "etc/sudo.conf",
            "Set disable_coredump false\n",
            "etc/pam.d/sudo",
            """
                    auth required pam_permit.so
                    account required pam_permit.so
                    session required pam_permit.so
                    """,
            "etc/pam.d/sudo-i",
            """
                    auth required pam_permit.so
                    account required pam_permit.so
                    session required pam_permit.so
                    """,
            "etc/pam.d/other",
            """
                    auth required pam_deny.so
                    account required pam_deny.so
                    password required pam_deny.so
                    session required pam_deny.so
                    """);

    private final byte[] program;
    private final boolean python;

    private SudoLayer(byte[] program, boolean python) {
        this.program = program;
        this.python = python;
    }

    /** Empty where the host has no sudo of its own, or the base not the files that it needs. */
    static Optional<SudoLayer> of(Path hostRoot, Template base) throws IOException {
        Path file = hostRoot.resolve(PROGRAM);
        boolean packaged = base.resolve("/usr/libexec/sudo/sudoers.so").isPresent()
                || base.resolve("/usr/lib/sudo/sudoers.so").isPresent();
        if (!packaged || !Files.isRegularFile(file) || Files.isSymbolicLink(file)) {
            return Optional.empty();
        }
        boolean python = base.resolve("/usr/bin/python3").isPresent()
                && base.resolve("/usr/bin/python").isEmpty();
        return Optional.of(new SudoLayer(Files.readAllBytes(file), python));
    }

    String digest() {
        var lines = new ArrayList<String>(List.of("skerry sudo 2 " + python, Digests.sha256(program)));
        new TreeMap<>(SETTINGS).forEach((path, text) -> lines.add(path + "\n" + text));
        return Digests.sha256(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
    }

    LayerFacts write(Path tree) throws IOException {
        try (var root = Folder.open(tree)) {
            // Overlayfs shows the attributes of the topmost folder: those of base.
            for (String path : List.of("usr", "usr/bin", "etc", "etc/pam.d")) {
                Folder.check(Libc.makeFolder(root.descriptor(), path, 0755), "mkdir", path);
                root.setOwnerAndMode(path, 0, 0, 0755);
            }
            try (var folder = root.beneath("usr/bin")) {
                folder.write("sudo", program, SETUID_PROGRAM);
                if (python) {
                    folder.symlink("python3", "python");
                }
            }
            for (var file : SETTINGS.entrySet()) {
                int slash = file.getKey().lastIndexOf('/');
                try (var folder = root.beneath(file.getKey().substring(0, slash))) {
                    folder.write(
                            file.getKey().substring(slash + 1),
                            file.getValue().getBytes(StandardCharsets.US_ASCII),
                            file.getKey().equals("etc/sudoers") ? SECRET : 0644);
                }
            }
        }
        return new LayerFacts(true, SETTINGS.size() + 1L, program.length, List.of());
    }
}
