package dev.skerry.host.templates.debian;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes root file systems with mmdebstrap(1): what Debian calls essential, the packages that are asked for and what
 * those depend on. The scripts of packages run as they do when apt installs them on this machine.
 */
record DebianTree(Program mmdebstrap, AptSetup apt) {
    private static final Path HOOKS = Path.of("/usr/share/mmdebstrap/hooks/file-mirror-automount");

    private static final List<String> OPTIONS = List.of(
            "--variant=essential",
            "--format=directory",
            "--skip=essential/unlink", // they are for the cache
            "--aptopt=APT::Install-Recommends \"false\"",
            "--aptopt=Acquire::Languages \"none\"",
            "--dpkgopt=force-unsafe-io",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-include=/usr/share/doc/*/copyright",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            "--dpkgopt=path-exclude=/usr/share/info/*",
            "--dpkgopt=path-exclude=/usr/share/locale/*");

    /** Links, where both are on one disk. The root file system is the shell's first argument. */
    private static final String BRING = """
        mkdir -p "$1/var/cache/apt/archives" "$1/etc/apt/preferences.d" "$1/etc/apt/auth.conf.d"
        for package in %s/*.deb; do
            [ ! -e "$package" ] || ln "$package" "$1/var/cache/apt/archives/" 2>/dev/null \\
                || cp "$package" "$1/var/cache/apt/archives/"
        done
        """;

    private static final String COPY = "cp -- %s \"$1/etc/apt/\"%s";

    private static final String KEEP = """
        for package in "$1"/var/cache/apt/archives/*.deb; do
            kept=%s/${package##*/}
            [ ! -e "$package" ] || [ -e "$kept" ] || ln "$package" "$kept" 2>/dev/null \\
                || { cp "$package" "$kept.new" && mv "$kept.new" "$kept"; }
        done
        """;

    /**
     * @param cache keeps what is fetched for the next one
     * @param tree is not there yet
     */
    void make(List<String> packages, Path cache, Path tree) throws IOException, InterruptedException {
        Files.createDirectories(cache);
        List<String> arguments = new ArrayList<>(OPTIONS);
        arguments.add("--include=" + String.join(",", packages));
        apt.options().forEach(option -> arguments.add("--aptopt=" + option));
        arguments.add("--setup-hook=" + BRING.formatted(quoted(cache)));
        apt.aside().forEach(file -> arguments.add("--setup-hook=" + COPY.formatted(
                quoted(file), quoted(apt.folder().relativize(file)))));
        arguments.add("--customize-hook=" + KEEP.formatted(quoted(cache)));
        if (apt.hasFolders() && Files.isDirectory(HOOKS)) {
            arguments.add("--hook-dir=" + HOOKS);
        }
        arguments.add("--"); // then: no suite, because the sources say which; where to; the sources
        arguments.add("");
        arguments.add(tree.toString());
        apt.sources().forEach(source -> arguments.add(source.toString()));
        mmdebstrap.run(
                arguments,
                tree.resolveSibling("mmdebstrap.log"),
                output -> output.transferTo(OutputStream.nullOutputStream()));
    }

    /** For a shell. */
    private static String quoted(Path file) {
        return "'" + file.toString().replace("'", "'\\''") + "'";
    }
}
