package dev.skerry.host.jobs;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Languages that one image brings: their toolchains share most of what they consist of.
 *
 * @param languages the first gives it its name
 */
public record LanguageSet(List<Language> languages) {
    private static final List<LanguageSet> OF_SEVERAL = List.of(
            new LanguageSet(List.of(Language.C, Language.CPP)),
            new LanguageSet(List.of(Language.JAVASCRIPT, Language.TYPESCRIPT)));

    public LanguageSet {
        languages = List.copyOf(languages);
    }

    /** The one that a language is in. */
    public static LanguageSet of(Language language) {
        return OF_SEVERAL.stream()
                .filter(set -> set.languages.contains(language))
                .findFirst()
                .orElseGet(() -> new LanguageSet(List.of(language)));
    }

    /** Of all languages. */
    public static List<LanguageSet> all() {
        return Arrays.stream(Language.values()).map(LanguageSet::of).distinct().toList();
    }

    /** As in the name of a file. */
    public String name() {
        return languages.getFirst().label();
    }

    /** Debian's, of which the toolchains of an image of its own consist. */
    public List<String> packages() {
        Set<String> all = new LinkedHashSet<>();
        languages.forEach(language -> all.addAll(List.of(language.packages().split(" ", -1))));
        return List.copyOf(all);
    }
}
