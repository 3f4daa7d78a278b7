package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.jobs.LanguagePackage;
import dev.skerry.server.operations.RequestFacts;
import dev.skerry.server.piston.PackageFolder.Archive;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Packages: what can be run here, and what could be once it is installed. To install one is to import its archive, of
 * the folder that the settings name, as a template; nothing is fetched from anywhere. One is installed or removed at a
 * time.
 */
final class Packages {
    private static final Logger LOG = LoggerFactory.getLogger(Packages.class);
    private static final String BASE = "base";
    private static final int NOT_FOUND = 404;
    private static final int FAILED = 500;

    private final HostAgent host;
    private final Supplier<Runtimes> runtimes;
    private final Optional<PackageFolder> folder;
    private final ReentrantLock changing = new ReentrantLock();

    Packages(HostAgent host, Supplier<Runtimes> runtimes, Optional<PackageFolder> folder) {
        this.host = host;
        this.runtimes = runtimes;
        this.folder = folder;
    }

    /** A language in one version: where it runs, or what would bring it. */
    private record Offer(LanguagePackage what, Optional<LanguageRuntime> installed, Optional<Archive> archive) {
        private Version version() {
            return Version.parse(what.version()).orElse(Version.release(0, 0, 0).beforeAll());
        }
    }

    /** Also if the folder cannot be read: what is installed is there all the same. */
    void list(Exchange exchange) throws IOException {
        Runtimes all = runtimes.get();
        ArrayNode array = all.packages();
        try {
            archives().stream().filter(one -> !all.has(one.what())).forEach(one -> {
                ObjectNode node = array.addObject();
                node.put("language", one.what().language());
                node.put("language_version", one.what().version());
                node.put("installed", false).putArray("templates");
            });
        } catch (Failure e) {
            LOG.atWarn().setCause(e).log("packages that are not installed are not listed");
        }
        PistonErrors.send(exchange, 200, array);
    }

    private List<Archive> archives() {
        return folder.map(PackageFolder::list).orElse(List.of());
    }

    void install(Exchange exchange, JsonNode body) throws IOException {
        changing.lock();
        try {
            Optional<Offer> found = find(body);
            if (found.isEmpty()) {
                absent(exchange, body);
            } else if (found.get().installed().isPresent()) {
                refuse(exchange, FAILED, "Already installed", "");
            } else {
                Offer offer = found.get();
                RequestFacts.subject(exchange, name(offer.what()));
                bring(exchange, offer.archive().orElseThrow());
            }
        } finally {
            changing.unlock();
        }
    }

    private void bring(Exchange exchange, Archive archive) throws IOException {
        LanguagePackage what = archive.what();
        String digest = archive.digest();
        if (!digest.equals(archive.sha256())) {
            refuse(
                    exchange,
                    FAILED,
                    "Checksum miss-match want: " + archive.sha256() + " got: " + digest,
                    "copy " + archive.file().getFileName() + " again, or correct the index");
            return;
        }
        var _ = host.importTemplate(archive.file(), what.template());
        List<LanguageRuntime> inside = host.jobs().runtimes().stream()
                .filter(runtime -> runtime.template().equals(what.template()))
                .toList();
        if (inside.stream().noneMatch(what::has)) {
            String kept = discard(what);
            String has = String.join(
                    ", ",
                    inside.stream().map(LanguagePackage::of).map(Packages::name).toList());
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    archive.file().getFileName() + " has no " + name(what) + " inside, but "
                            + (has.isEmpty()
                                    ? "no language that is known, or it could not be asked; the log says so"
                                    : has),
                    "correct the index; " + kept);
        }
        LOG.atInfo().addKeyValue("template", what.template()).log("a package was installed");
        done(exchange, what);
    }

    /** What its archive was, which is not what it should be; says what was kept of it. */
    private String discard(LanguagePackage what) {
        try {
            host.removeTemplate(what.template());
            return "nothing was kept of the archive";
        } catch (Failure e) {
            LOG.atWarn().setCause(e).addKeyValue("template", what.template()).log("a wrong package was not removed");
            return "the archive was kept, as " + e.getMessage()
                    + e.hint().map(hint -> ": " + hint).orElse("") + "; the right one will replace it";
        }
    }

    /** A package; or a template that has nothing else. */
    void uninstall(Exchange exchange, JsonNode body) throws IOException {
        changing.lock();
        try {
            Optional<Offer> found = find(body);
            if (found.isEmpty()) {
                absent(exchange, body);
            } else if (found.get().installed().isEmpty()) {
                refuse(exchange, FAILED, name(found.get().what()) + " is not installed", "");
            } else {
                LanguageRuntime runtime = found.get().installed().get();
                RequestFacts.subject(exchange, name(LanguagePackage.of(runtime)));
                remove(runtime);
                done(exchange, LanguagePackage.of(runtime));
            }
        } finally {
            changing.unlock();
        }
    }

    private void remove(LanguageRuntime runtime) {
        if (!LanguagePackage.of(runtime).has(runtime)) {
            requireAlone(runtime);
        }
        host.removeTemplate(runtime.template());
        LOG.atInfo().addKeyValue("template", runtime.template()).log("a package was removed");
    }

    private void requireAlone(LanguageRuntime runtime) {
        List<String> beside = runtimes.get().of(runtime.template()).all().stream()
                .map(LanguageRuntime::language)
                .distinct()
                .filter(language -> !language.equals(runtime.language()))
                .toList();
        if (runtime.template().equals(BASE) || !beside.isEmpty()) {
            throw new Failure(
                    ErrorCode.CONFLICT,
                    runtime.language() + " is part of the template '" + runtime.template() + "'"
                            + (beside.isEmpty() ? "" : ", with " + String.join(", ", beside)),
                    runtime.template().equals(BASE)
                            ? "remove it from the packages of the host"
                            : "'skerry template rm " + runtime.template() + "' removes all of them");
        }
    }

    /** The newest that fits. */
    private Optional<Offer> find(JsonNode body) {
        String language = Js.text(body.get("language"));
        String selector = Js.text(body.get("version"));
        Runtimes all = runtimes.get();
        Stream<Offer> installed = all.find(language, selector).stream().map(runtime -> {
            LanguagePackage what = LanguagePackage.of(runtime);
            return new Offer(what, Optional.of(all.ofPackage(what).orElse(runtime)), Optional.empty());
        });
        Optional<VersionRange> range = VersionRange.parse(selector);
        Stream<Offer> ready = archives().stream()
                .filter(one -> one.what().language().equals(language) && !all.has(one.what()))
                .map(one -> new Offer(one.what(), Optional.empty(), Optional.of(one)))
                .filter(offer -> range.isPresent() && range.get().has(offer.version()));
        return Stream.concat(installed, ready).max(Comparator.comparing(Offer::version));
    }

    private static String name(LanguagePackage what) {
        return what.language() + "-" + what.version();
    }

    private void absent(Exchange exchange, JsonNode body) throws IOException {
        String known = folder.map(one -> "it is not in " + one.folder().resolve(PackageFolder.INDEX))
                .orElse("no folder of packages is set ('piston.packages')");
        refuse(
                exchange,
                NOT_FOUND,
                "Requested package " + Js.text(body.get("language")) + "-" + Js.text(body.get("version"))
                        + " does not exist",
                known
                        + "; 'skerry packages make' on the host makes one of Debian's packages; a language also comes"
                        + " with the host's packages (apt-get install) or with an image: 'skerry template import PATH"
                        + " --name NAME'");
    }

    private static void done(Exchange exchange, LanguagePackage what) throws IOException {
        ObjectNode done = Exchange.JSON.createObjectNode();
        done.put("language", what.language()).put("version", what.version());
        PistonErrors.send(exchange, 200, done);
    }

    private static void refuse(Exchange exchange, int status, String message, String hint) throws IOException {
        ObjectNode body = Exchange.JSON.createObjectNode().put("message", message);
        if (!hint.isEmpty()) {
            body.put("hint", hint);
        }
        PistonErrors.send(exchange, status, body);
    }
}
