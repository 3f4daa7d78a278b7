package dev.skerry.server.settings;

import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How strongly a job must be walled off at least, by whose it is, what it runs in, and what is said of it. The
 * strongest that applies counts; a rule never makes it weaker.
 */
public record TrustPolicy(List<Rule> rules) {
    /** Demands nothing. */
    public static final TrustPolicy NONE = new TrustPolicy(List.of());

    /** Stands for a rule where none demands more than was asked for. */
    public static final String REQUEST = "request";

    private static final String HINT = "write tenant:NAME=LEVEL, template:NAME=LEVEL or label:NAME:VALUE=LEVEL,"
            + " with commas between them; levels are container, gvisor";

    public TrustPolicy {
        rules = List.copyOf(rules);
    }

    /** What a rule looks at. */
    public enum Subject {
        TENANT,
        TEMPLATE,
        LABEL
    }

    /** @param value of a label: its name, a colon and its value */
    public record Rule(Subject subject, String value, Isolation floor) {
        private boolean applies(TenantId tenant, String template, Map<String, String> labels) {
            return switch (subject) {
                case TENANT -> tenant.text().equals(value);
                case TEMPLATE -> template.equals(value);
                case LABEL ->
                    labels.entrySet().stream()
                            .anyMatch(label -> (label.getKey() + ":" + label.getValue()).equals(value));
            };
        }

        @Override
        public String toString() {
            return subject.name().toLowerCase(Locale.ROOT) + ":" + value + "=" + floor.label();
        }
    }

    /**
     * What was decided for a job.
     *
     * @param rule which demands the floor, as it is written; {@code request} when none demands more than was asked for
     */
    public record Decision(String rule, Isolation floor) {}

    /** @param asked the weakest that whoever handed it in lets do */
    public Decision decide(TenantId tenant, String template, Map<String, String> labels, Isolation asked) {
        Decision strongest = new Decision(REQUEST, asked);
        for (Rule rule : rules) {
            if (rule.applies(tenant, template, labels) && !strongest.floor().satisfies(rule.floor())) {
                strongest = new Decision(rule.toString(), rule.floor());
            }
        }
        return strongest;
    }

    /** The strongest that the rules of each template demand, by its name. */
    public Map<String, Isolation> ofTemplates() {
        Map<String, Isolation> floors = new HashMap<>();
        rules.stream()
                .filter(rule -> rule.subject() == Subject.TEMPLATE)
                .forEach(rule ->
                        floors.merge(rule.value(), rule.floor(), (one, other) -> one.satisfies(other) ? one : other));
        return Map.copyOf(floors);
    }

    /** @throws Failure {@code INVALID_REQUEST} */
    public static TrustPolicy parse(String text) {
        List<Rule> rules = new ArrayList<>();
        for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
            rules.add(rule(part.strip()));
        }
        return new TrustPolicy(rules);
    }

    private static Rule rule(String text) {
        int colon = text.indexOf(':');
        int equals = text.lastIndexOf('=');
        if (colon > 0 && equals > colon + 1) {
            String value = text.substring(colon + 1, equals);
            Isolation floor = Isolation.parse(text.substring(equals + 1));
            switch (text.substring(0, colon)) {
                case "tenant" -> {
                    return new Rule(Subject.TENANT, new TenantId(value).text(), floor);
                }
                case "template" -> {
                    return new Rule(Subject.TEMPLATE, value, floor);
                }
                case "label" -> {
                    if (value.indexOf(':') > 0) {
                        return new Rule(Subject.LABEL, value, floor);
                    }
                }
                default -> {}
            }
        }
        throw new Failure(ErrorCode.INVALID_REQUEST, "'" + text + "' is not a rule of trust", HINT);
    }

    @Override
    public String toString() {
        return rules.stream().map(Rule::toString).collect(Collectors.joining(", "));
    }
}
