package dev.skerry.server.piston;

import dev.skerry.server.http.Exchange;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.hosts.HostAgent;
import dev.skerry.wire.jobs.LanguageRuntime;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Packages, which are templates here: a language is there because the packages of the host or an imported image have
 * it. Nothing is fetched from anywhere.
 */
final class Packages {
    private static final String BASE = "base";
    private static final int NOT_FOUND = 404;
    private static final int FAILED = 500;

    private final HostAgent host;
    private final Supplier<Runtimes> runtimes;

    Packages(HostAgent host, Supplier<Runtimes> runtimes) {
        this.host = host;
        this.runtimes = runtimes;
    }

    void list(Exchange exchange) throws IOException {
        PistonErrors.send(exchange, 200, runtimes.get().packages());
    }

    /** What is there already is said so; a template is imported on the host. */
    void install(Exchange exchange, JsonNode body) throws IOException {
        String name = name(body);
        if (find(body).isPresent()) {
            refuse(exchange, FAILED, "Already installed", "");
        } else {
            refuse(
                    exchange,
                    NOT_FOUND,
                    "Requested package " + name + " does not exist",
                    "a language comes with the host's packages (apt-get install) or with an image:"
                            + " 'skerry template import PATH --name NAME' on the host");
        }
    }

    /** Only of a template that has nothing else. */
    void uninstall(Exchange exchange, JsonNode body) throws IOException {
        Optional<LanguageRuntime> found = find(body);
        if (found.isEmpty()) {
            refuse(exchange, NOT_FOUND, "Requested package " + name(body) + " does not exist", "");
            return;
        }
        LanguageRuntime runtime = found.get();
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
        host.removeTemplate(runtime.template());
        ObjectNode done = Exchange.JSON.createObjectNode();
        done.put("language", runtime.language()).put("version", runtime.version());
        PistonErrors.send(exchange, 200, done);
    }

    private Optional<LanguageRuntime> find(JsonNode body) {
        return runtimes.get().find(Js.text(body.get("language")), Js.text(body.get("version")));
    }

    private static String name(JsonNode body) {
        return Js.text(body.get("language")) + "-" + Js.text(body.get("version"));
    }

    private static void refuse(Exchange exchange, int status, String message, String hint) throws IOException {
        ObjectNode body = Exchange.JSON.createObjectNode().put("message", message);
        if (!hint.isEmpty()) {
            body.put("hint", hint);
        }
        PistonErrors.send(exchange, status, body);
    }
}
