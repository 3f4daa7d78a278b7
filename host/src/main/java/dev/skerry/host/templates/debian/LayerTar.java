package dev.skerry.host.templates.debian;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The tar archive of a root file system, without what belongs to the making of it, and the same each time that the same
 * packages are in it: names are sorted, and what was written while they were installed gets the time of the newest
 * thing that they brought.
 */
record LayerTar(Program tar, Path tree) {
    /** Whose content is not wanted, or differs each time. */
    private static final List<String> WITHOUT = List.of(
            "./dev/*",
            "./proc/*",
            "./sys/*",
            "./run/*",
            "./tmp/*",
            "./boot/*",
            "./etc/apt/*",
            "./etc/dpkg/dpkg.cfg.d/99mmdebstrap",
            "./etc/hostname",
            "./etc/machine-id",
            "./etc/resolv.conf",
            "./var/cache/*",
            "./var/lib/apt/*",
            "./var/lib/dpkg/*-old",
            "./var/lib/dpkg/lock*",
            "./var/log/*");

    /**
     * @param started when the making of the tree began
     * @param log gets what goes wrong
     */
    void read(Instant started, Path log, Program.Reader reader) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of(
                "--create",
                "--file=-",
                "--directory=" + tree,
                "--format=gnu",
                "--sort=name",
                "--numeric-owner",
                "--clamp-mtime",
                "--mtime=@" + newest(started).getEpochSecond(),
                "--wildcards",
                "--anchored"));
        WITHOUT.forEach(name -> arguments.add("--exclude=" + name));
        arguments.add(".");
        tar.run(arguments, log, reader);
    }

    private Instant newest(Instant before) throws IOException {
        Instant newest = Instant.EPOCH;
        try (Stream<Path> files = Files.walk(tree)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Instant time = Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
                        .toInstant();
                if (time.isBefore(before) && time.isAfter(newest)) {
                    newest = time;
                }
            }
        }
        return newest;
    }
}
