package dev.skerry.server.operations;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.tenants.TenantId;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/** What becomes known of a request while it is answered, for its log record and for the metrics. */
public final class RequestFacts {
    private static final String ROUTE = "dev.skerry.route";
    private static final String SUBJECT = "dev.skerry.subject";
    private static final String FLOOR = "dev.skerry.floor";
    private static final int ID_LENGTH_MAX = 64;
    private static final String TENANT = "dev.skerry.tenant";
    private static final Pattern KEY = Pattern.compile("e2b_[0-9a-fA-F]{8,}");
    /** Clients that cannot send headers have their key there. */
    private static final Pattern KEY_IN_PATH = Pattern.compile("^/+k/+[^/]*", Pattern.CASE_INSENSITIVE);

    private static final Pattern BLANK = Pattern.compile("\\s");

    private RequestFacts() {}

    /** @param template as in the table of routes, so that there are few of them */
    public static void route(Exchange exchange, String template) {
        exchange.request().setAttribute(ROUTE, template);
    }

    /** The id of what was made, which the request could not name. */
    public static void subject(Exchange exchange, String id) {
        exchange.request().setAttribute(SUBJECT, id);
    }

    public static Optional<String> subject(Exchange exchange) {
        return Optional.ofNullable((String) exchange.request().getAttribute(SUBJECT));
    }

    /** What a client calls an id, for a record: without keys and blanks, and no longer than an id is. */
    public static String id(String text) {
        String shown = word(KEY.matcher(text).replaceAll("e2b_…"));
        return shown.length() > ID_LENGTH_MAX ? shown.substring(0, ID_LENGTH_MAX) : shown;
    }

    /**
     * How strongly the job was walled off at least that the request has run.
     *
     * @param rule of settings, or where else that comes from
     */
    public static void floor(Exchange exchange, String level, String rule) {
        exchange.request().setAttribute(FLOOR, " floor=" + word(level) + " rule=" + word(rule));
    }

    /** As a log record has it; empty if no job was run. */
    static String floor(Exchange exchange) {
        return Objects.requireNonNullElse((String) exchange.request().getAttribute(FLOOR), "");
    }

    public static void tenant(Exchange exchange, TenantId tenant) {
        exchange.request().setAttribute(TENANT, tenant.text());
    }

    /** The request's method for a log record. */
    public static String method(Exchange exchange) {
        return word(exchange.method());
    }

    /** The request's path for a log record, without keys. */
    public static String path(Exchange exchange) {
        return shown(exchange.rawPath());
    }

    /** A path without keys. */
    static String shown(String path) {
        String cut = KEY_IN_PATH.matcher(path).replaceFirst("/k/…");
        return word(cut.contains("e2b_") ? KEY.matcher(cut).replaceAll("e2b_…") : cut);
    }

    /**
     * What is a client's, for a log record: it may write anything over HTTP/2, and a blank would end the field and
     * begin another.
     */
    static String word(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) <= ' ') {
                return BLANK.matcher(text).replaceAll("%20");
            }
        }
        return text;
    }

    static Optional<String> route(Exchange exchange) {
        return Optional.ofNullable((String) exchange.request().getAttribute(ROUTE));
    }

    static Optional<String> tenant(Exchange exchange) {
        return Optional.ofNullable((String) exchange.request().getAttribute(TENANT));
    }
}
