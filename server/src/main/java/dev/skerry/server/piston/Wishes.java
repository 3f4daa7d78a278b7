package dev.skerry.server.piston;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a request may ask beyond Piston, in its field {@code skerry}. Unlike Piston's own fields these are refused when
 * they are wrong: who asks for an isolation must not run without it.
 *
 * @param isolation the weakest that will do
 * @param template whose runtime it shall be
 * @param user within the tenant, for whoever shares
 * @param priority from -10 to 10; higher goes first
 * @param prestarted whether an interpreter that already waits may run it
 */
record Wishes(
        Optional<Isolation> isolation,
        Optional<String> template,
        Optional<String> user,
        int priority,
        boolean prestarted) {
    static final Wishes NONE = new Wishes(Optional.empty(), Optional.empty(), Optional.empty(), 0, true);

    private static final int USER_LENGTH_MAX = 128;
    private static final int PRIORITY_MAX = 10;

    /** @throws Failure {@code INVALID_REQUEST} */
    static Wishes read(@Nullable JsonNode node) {
        if (Js.absent(node)) {
            return NONE;
        }
        if (!node.isObject()) {
            throw wrong("skerry", "an object");
        }
        node.propertyNames().forEach(Wishes::checkName);
        return new Wishes(
                text(node, "isolation").map(Isolation::parse),
                text(node, "template"),
                text(node, "user").filter(user -> user.length() <= USER_LENGTH_MAX || refuse()),
                priority(node.get("priority")),
                flag(node.get("prestarted")));
    }

    private static void checkName(String name) {
        switch (name) {
            case "isolation", "template", "user", "priority", "prestarted" -> {}
            default ->
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "there is no field 'skerry." + name + "'",
                        "use isolation, template, user, priority, prestarted");
        }
    }

    private static boolean refuse() {
        throw wrong("skerry.user", "a string of at most " + USER_LENGTH_MAX + " characters");
    }

    private static Optional<String> text(JsonNode node, String name) {
        JsonNode value = node.get(name);
        if (Js.absent(value)) {
            return Optional.empty();
        }
        if (!value.isString() || value.stringValue().isEmpty()) {
            throw wrong("skerry." + name, "a string");
        }
        return Optional.of(value.stringValue());
    }

    private static int priority(@Nullable JsonNode value) {
        if (Js.absent(value)) {
            return 0;
        }
        if (!value.isIntegralNumber() || Math.abs(Js.number(value)) > PRIORITY_MAX) {
            throw wrong("skerry.priority", "a whole number from -10 to 10");
        }
        return value.intValue();
    }

    private static boolean flag(@Nullable JsonNode value) {
        if (Js.absent(value)) {
            return true;
        }
        if (!value.isBoolean()) {
            throw wrong("skerry.prestarted", "true or false");
        }
        return value.booleanValue();
    }

    private static Failure wrong(String name, String wanted) {
        return new Failure(ErrorCode.INVALID_REQUEST, name + " must be " + wanted);
    }
}
