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
    private static final Path HOOKS = Path.of("/usr/share/mmdebstrap/hooks");

    /** Otherwise a package does that, which needs all of Perl. */
    private static final Path MERGED_USR = HOOKS.resolve("maybe-merged-usr");

    private static final Path FOLDERS_AS_MIRRORS = HOOKS.resolve("file-mirror-automount");

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

    /** For files that come along; and update-alternatives(1) fails where there is no folder for manual pages. */
    private static final String FOLDERS = """
        cd "$1" && mkdir -p var/cache/apt/archives etc/apt/preferences.d etc/apt/auth.conf.d
        for section in 1 2 3 4 5 6 7 8 9; do mkdir -p "usr/share/man/man$section"; done
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
        arguments.add("--setup-hook=" + FOLDERS);
        arguments.add("--setup-hook=" + bringing(quoted(cache)));
        for (Path file : apt.aside()) {
            String target = quoted(apt.folder().relativize(file));
            arguments.add("--setup-hook=cp -- " + quoted(file) + " \"$1/etc/apt/\"" + target);
        }
        arguments.add("--customize-hook=" + keeping(quoted(cache)));
        if (apt.hasFolders() && Files.isDirectory(FOLDERS_AS_MIRRORS)) {
            arguments.add("--hook-dir=" + FOLDERS_AS_MIRRORS);
        }
        if (Files.isDirectory(MERGED_USR)) {
            arguments.add("--hook-dir=" + MERGED_USR);
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

    /** Fetched packages, as links where both are on one disk. The root file system is the shell's first argument. */
    private static String bringing(String cache) {
        return """
            for package in %s/*.deb; do
                [ ! -e "$package" ] || ln "$package" "$1/var/cache/apt/archives/" 2>/dev/null \\
                    || cp "$package" "$1/var/cache/apt/archives/"
            done
            """.formatted(cache);
    }

    private static String keeping(String cache) {
        return """
            for package in "$1"/var/cache/apt/archives/*.deb; do
                kept=%s/${package##*/}
                [ ! -e "$package" ] || [ -e "$kept" ] || ln "$package" "$kept" 2>/dev/null \\
                    || { cp "$package" "$kept.new" && mv "$kept.new" "$kept"; }
            done
            """.formatted(cache);
    }

    /** For a shell. */
    private static String quoted(Path file) {
        return "'" + file.toString().replace("'", "'\\''") + "'";
    }
}
