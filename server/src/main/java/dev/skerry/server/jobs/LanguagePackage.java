package dev.skerry.server.jobs;

import dev.skerry.wire.jobs.LanguageRuntime;

/**
 * A language in one version that was brought as an image of its own. Its template is named after it, and is there for
 * that language alone: a package of Ruby that has a Perl inside is not where programs in Perl go.
 *
 * @param language canonical name, lower case
 * @param version in the form of a semantic version
 */
public record LanguagePackage(String language, String version) {
    private static final String FOLDER = "packages/";

    /** What it is when it is that of a package. */
    public static LanguagePackage of(LanguageRuntime runtime) {
        return new LanguagePackage(runtime.language(), runtime.version());
    }

    /** The name of its template; names of templates have no plus. */
    public String template() {
        return FOLDER + language.replace('+', 'p') + "/" + version;
    }

    /** Whether a runtime is that of this package. */
    public boolean has(LanguageRuntime runtime) {
        return runtime.template().equals(template()) && of(runtime).equals(this);
    }

    /** Whether programs may run in it: a package's other languages are not for them. */
    static boolean offers(LanguageRuntime runtime) {
        return !runtime.template().startsWith(FOLDER) || of(runtime).has(runtime);
    }
}
