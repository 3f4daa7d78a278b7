package dev.skerry.server.http;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A table of routes. A path is cut at its slashes before it is decoded, so an encoded slash is part of a segment. Among
 * several routes that fit, one with a literal segment goes before one with a variable.
 */
public final class Routes implements Handler {
    private final List<Route> routes;
    private final Map<String, Map<Integer, List<Route>>> byMethodAndLength = new HashMap<>();

    public Routes(List<Route> routes) {
        this.routes = List.copyOf(routes);
        for (Route route : routes) {
            byMethodAndLength
                    .computeIfAbsent(route.method(), _ -> new HashMap<>())
                    .computeIfAbsent(route.segments().size(), _ -> new ArrayList<>())
                    .add(route);
        }
    }

    /** For whoever checks that each is documented, authorised and tested. */
    public List<Route> routes() {
        return routes;
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        List<String> segments =
                split(exchange.rawPath()).stream().map(Routes::decoded).toList();
        Optional<Route> found = find(exchange.method(), segments);
        if (found.isEmpty()) {
            throw missing(exchange, segments);
        }
        found.get().handler().handle(exchange.with(variables(found.get(), segments)));
    }

    private Optional<Route> find(String method, List<String> segments) {
        return byMethodAndLength.getOrDefault(method, Map.of()).getOrDefault(segments.size(), List.of()).stream()
                .filter(route -> fits(route, segments))
                .min((a, b) -> Long.compare(wildcards(a), wildcards(b)));
    }

    private Failure missing(Exchange exchange, List<String> segments) {
        var allowed = new TreeSet<String>();
        for (String method : byMethodAndLength.keySet()) {
            find(method, segments).ifPresent(_ -> allowed.add(method));
        }
        if (allowed.isEmpty()) {
            return new Failure(ErrorCode.NOT_FOUND, "there is nothing at " + exchange.rawPath());
        }
        exchange.set("Allow", String.join(", ", allowed));
        return new Failure(
                ErrorCode.METHOD_NOT_ALLOWED,
                exchange.method() + " is not answered at " + exchange.rawPath(),
                "use " + String.join(" or ", allowed));
    }

    private static boolean fits(Route route, List<String> segments) {
        List<String> wanted = route.segments();
        for (int i = 0; i < wanted.size(); i++) {
            if (!isVariable(wanted.get(i)) && !wanted.get(i).equals(segments.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static long wildcards(Route route) {
        return route.segments().stream().filter(Routes::isVariable).count();
    }

    private static Map<String, String> variables(Route route, List<String> segments) {
        var found = new HashMap<String, String>();
        List<String> wanted = route.segments();
        for (int i = 0; i < wanted.size(); i++) {
            if (isVariable(wanted.get(i))) {
                found.put(wanted.get(i).substring(1, wanted.get(i).length() - 1), segments.get(i));
            }
        }
        return found;
    }

    private static boolean isVariable(String segment) {
        return segment.startsWith("{") && segment.endsWith("}");
    }

    static List<String> split(String path) {
        return List.of(path.substring(1).split("/", -1));
    }

    private static String decoded(String segment) {
        try {
            // URLDecoder is for forms, where a plus is a space.
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "'" + segment + "' is not a legal part of a path", e);
        }
    }
}
