package dev.skerry.host.templates.debian;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How this machine's apt is set up: where it gets packages from, and by which way.
 *
 * @param sources files of apt-sources.list(5)
 * @param aside what else decides that: pins and the names for mirrors that ask for one; paths below {@code /etc/apt}
 * @param options of apt.conf(5), a line each: proxies and the like
 */
record AptSetup(Path folder, List<Path> sources, List<Path> aside, List<String> options) {
    /** apt passes over files with other names. */
    private static final Pattern SOURCE = Pattern.compile("[A-Za-z0-9_.-]+\\.(list|sources)");

    private static final List<String> ASIDE = List.of("preferences", "preferences.d", "auth.conf", "auth.conf.d");

    /** Of what apt-config tells, that which is about the way to the mirrors. */
    private static final Pattern WAY = Pattern.compile(
            "Acquire::(https?::|Retries|ForceIPv[46]|Check-Valid-Until|Max-ValidTime|By-Hash).* \"[^\"]+\";");

    AptSetup {
        sources = List.copyOf(sources);
        aside = List.copyOf(aside);
        options = List.copyOf(options);
    }

    /**
     * @param folder {@code /etc/apt}
     * @param told what {@code apt-config dump} prints
     * @throws Failure {@code UNSUPPORTED} when there is no source
     */
    static AptSetup read(Path folder, String told) throws IOException {
        List<Path> sources = new ArrayList<>();
        for (Path file : files(folder.resolve("sources.list"), folder.resolve("sources.list.d"))) {
            boolean named = SOURCE.matcher(file.getFileName().toString()).matches();
            if (named && saysSomething(file)) {
                sources.add(file);
            }
        }
        if (sources.isEmpty()) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "apt on this machine has no sources: neither " + folder + "/sources.list nor a file in " + folder
                            + "/sources.list.d",
                    "packages are made on Debian or Ubuntu; their archives can be copied to other machines");
        }
        List<Path> aside = new ArrayList<>();
        for (String name : ASIDE) {
            aside.addAll(files(folder.resolve(name)));
        }
        return new AptSetup(
                folder,
                sources,
                aside,
                told.lines().filter(line -> WAY.matcher(line).matches()).toList());
    }

    private static List<Path> files(Path... places) throws IOException {
        List<Path> found = new ArrayList<>();
        for (Path place : places) {
            if (Files.isDirectory(place)) {
                try (Stream<Path> entries = Files.list(place)) {
                    found.addAll(entries.filter(Files::isRegularFile).sorted().toList());
                }
            } else if (Files.isRegularFile(place)) {
                found.add(place);
            }
        }
        return found;
    }

    private static boolean saysSomething(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                .lines()
                .anyMatch(line -> !line.isBlank() && !line.startsWith("#"));
    }

    /** Whether a source is a folder of this machine. */
    boolean hasFolders() throws IOException {
        for (Path source : sources) {
            String text = new String(Files.readAllBytes(source), StandardCharsets.UTF_8);
            if (text.contains("file:") || text.contains("copy:")) {
                return true;
            }
        }
        return false;
    }
}
