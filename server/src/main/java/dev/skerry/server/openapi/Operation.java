package dev.skerry.server.openapi;

import dev.skerry.server.http.Route;
import dev.skerry.server.tenants.KeyScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A route and its documentation. Shapes are names of schemas; {@code []Name} is an array of them, {@code text} is plain
 * text, and an empty name means no content.
 *
 * @param scope the least that a key must have; empty: answered without a key
 * @param takes shape of the request's content
 * @param answers shape of the content by status; errors are the same everywhere and not listed
 * @param errors their shape
 */
public record Operation(
        Route route,
        Optional<KeyScope> scope,
        List<Parameter> query,
        String takes,
        SortedMap<Integer, String> answers,
        String errors) {
    private static final String ERRORS = "Error";

    /**
     * A parameter of the query; none is required.
     *
     * @param type as JSON Schema calls it
     */
    public record Parameter(String name, String type, String description) {}

    public Operation {
        query = List.copyOf(query);
        answers = new TreeMap<>(answers);
    }

    public static Operation of(Route route, Optional<KeyScope> scope) {
        return new Operation(route, scope, List.of(), "", new TreeMap<>(), ERRORS);
    }

    /** Whether it is answered without a key. */
    public boolean open() {
        return scope.isEmpty();
    }

    public Operation query(String name, String description) {
        return with(new Parameter(name, "string", description));
    }

    public Operation queryNumber(String name, String description) {
        return with(new Parameter(name, "integer", description));
    }

    private Operation with(Parameter parameter) {
        List<Parameter> more = new ArrayList<>(query);
        more.add(parameter);
        return new Operation(route, scope, more, takes, answers, errors);
    }

    public Operation takes(String shape) {
        return new Operation(route, scope, query, shape, answers, errors);
    }

    public Operation answers(int status, String shape) {
        SortedMap<Integer, String> more = new TreeMap<>(answers);
        more.put(status, shape);
        return new Operation(route, scope, query, takes, more, errors);
    }

    /** Where errors have another shape. */
    public Operation fails(String shape) {
        return new Operation(route, scope, query, takes, answers, shape);
    }

    /** Without content. */
    public Operation answers(int status) {
        return answers(status, "");
    }
}
