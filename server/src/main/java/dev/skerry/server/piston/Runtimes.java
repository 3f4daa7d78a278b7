package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.jobs.LanguagePackage;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The languages of all templates, as Piston lists and chooses them. */
record Runtimes(List<LanguageRuntime> all) {
    Runtimes {
        all = List.copyOf(all);
    }

    /** What several templates have in the same way is one entry for clients. */
    private record Shown(String language, String version, List<String> aliases, Optional<String> runtime) {
        static Shown of(LanguageRuntime each) {
            return new Shown(each.language(), each.version(), each.aliases(), each.runtime());
        }
    }

    /** Those of one template. */
    Runtimes of(String template) {
        return new Runtimes(
                all.stream().filter(each -> each.template().equals(template)).toList());
    }

    boolean has(LanguagePackage what) {
        return all.stream().map(LanguagePackage::of).anyMatch(what::equals);
    }

    /** That of the package itself, if it is installed. */
    Optional<LanguageRuntime> ofPackage(LanguagePackage what) {
        return all.stream().filter(what::has).findFirst();
    }

    /**
     * The newest that fits; of several the first.
     *
     * @param name of a language or an alias, exactly
     * @param selector of versions; one that is no range fits nothing
     */
    Optional<LanguageRuntime> find(String name, String selector) {
        Optional<VersionRange> range = VersionRange.parse(selector);
        return all.stream()
                .filter(each -> each.language().equals(name) || each.aliases().contains(name))
                .filter(each -> range.isPresent() && fits(each, range.get()))
                .max(Comparator.comparing(Runtimes::version)
                        .thenComparing(Comparator.comparingInt(all::indexOf).reversed()));
    }

    private static boolean fits(LanguageRuntime runtime, VersionRange range) {
        return Version.parse(runtime.version()).filter(range::has).isPresent();
    }

    /** What cannot be read is older than everything. */
    private static Version version(LanguageRuntime runtime) {
        return Version.parse(runtime.version()).orElse(Version.release(0, 0, 0).beforeAll());
    }

    private Map<Shown, List<String>> shown() {
        Map<Shown, List<String>> shown = new LinkedHashMap<>();
        all.forEach(each ->
                shown.computeIfAbsent(Shown.of(each), _ -> new ArrayList<>()).add(each.template()));
        return shown;
    }

    /** As {@code GET /runtimes} answers. */
    ArrayNode list() {
        ArrayNode array = Exchange.JSON.createArrayNode();
        shown().forEach((each, templates) -> {
            ObjectNode node = array.addObject();
            node.put("language", each.language()).put("version", each.version());
            ArrayNode aliases = node.putArray("aliases");
            each.aliases().forEach(aliases::add);
            each.runtime().ifPresent(runtime -> node.put("runtime", runtime));
            ArrayNode names = node.putArray("templates");
            templates.forEach(names::add);
        });
        return array;
    }

    /** As {@code GET /packages} answers. */
    ArrayNode packages() {
        ArrayNode array = Exchange.JSON.createArrayNode();
        shown().forEach((each, templates) -> {
            ObjectNode node = array.addObject();
            node.put("language", each.language()).put("language_version", each.version());
            node.put("installed", true);
            ArrayNode names = node.putArray("templates");
            templates.forEach(names::add);
        });
        return array;
    }
}
