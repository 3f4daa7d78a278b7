package dev.skerry.cli;

import dev.skerry.host.jobs.Language;
import dev.skerry.host.jobs.LanguageSet;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Quantity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Makes packages, one after the other: an image of Debian's packages, then its toolchains are asked for their versions
 * in a sandbox, then it goes on the shelf. One that fails does not keep the others from their turn.
 *
 * @param cache where fetched packages are kept; empty: until all are made
 */
record PackageMaking(Context context, Host host, Host.ImageMaker images, PackageShelf shelf, Optional<Path> cache) {
    /** @return the first one's exit code that is not 0 */
    int make(List<LanguageSet> sets) throws InterruptedException {
        return Each.telling(context, sets, this::make);
    }

    private String make(LanguageSet set) throws InterruptedException {
        List<String> packages = set.packages();
        context.say("making " + labels(set) + " of " + String.join(", ", packages));
        long started = System.nanoTime();
        Path archive = shelf.draft();
        String sha256 = images.make(packages, shelf.work(), cache.orElse(shelf.cache()), archive);
        Map<Language, String> versions = versions(set, archive);
        PackageShelf.Placed placed = shelf.place(set.name(), sha256, versions);
        return versions.entrySet().stream()
                        .map(each -> each.getKey().label() + " " + each.getValue())
                        .collect(Collectors.joining(", "))
                + "  " + placed.archive() + "  " + Quantity.ofBytes(placed.bytes()) + "  "
                + Duration.ofNanos(System.nanoTime() - started).toSeconds() + " s";
    }

    private Map<Language, String> versions(LanguageSet set, Path archive) throws InterruptedException {
        Map<Language, String> found = host.languages(archive);
        Map<Language, String> versions = new EnumMap<>(Language.class);
        for (Language language : set.languages()) {
            if (!found.containsKey(language)) {
                throw new Failure(
                        ErrorCode.UNSUPPORTED,
                        language.label() + " does not start in an image of " + String.join(", ", set.packages())
                                + ", or does not say its version",
                        "nothing was added to " + shelf.folder());
            }
            versions.put(language, found.get(language));
        }
        return versions;
    }

    private static String labels(LanguageSet set) {
        return set.languages().stream().map(Language::label).collect(Collectors.joining(", "));
    }
}
