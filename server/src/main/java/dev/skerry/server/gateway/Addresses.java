package dev.skerry.server.gateway;

import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which destination the host and the headers of a request name. Ports in a host are ignored, letters compare without
 * case, a dot at the end is allowed. A name that is not ours is refused on every listener, so that no page on a foreign
 * name that resolves to this machine (DNS rebinding) reaches the API with a user's browser.
 */
final class Addresses {
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("\\[[0-9a-f:.]{2,45}]");
    private static final String DELIMITERS = ":[]@/?#";
    private static final int PORT_DIGITS_MAX = 5;
    /** Of other servers too: theirs are of other lengths, and may have hyphens. */
    private static final Pattern ID = Pattern.compile("[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?");

    private static final Pattern LABEL = Pattern.compile("([0-9]+)-(" + ID + ")");
    private static final int PORT_MAX = 65_535;
    private static final Destination API = new Destination.Api();

    private final String domain;
    private final String suffix;
    private final Set<String> own;

    /**
     * @param domain under which sandboxes have their names; a port in it is ignored
     * @param names of this machine, beside localhost and its addresses
     */
    Addresses(String domain, Set<String> names) {
        this.domain = name(domain).orElseThrow(() -> new IllegalArgumentException("'" + domain + "' is not a domain"));
        this.suffix = "." + this.domain;
        this.own = Stream.concat(Stream.of("localhost", "api" + suffix, "sandbox" + suffix), names.stream())
                .map(name -> name.toLowerCase(Locale.ROOT))
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Of the text of a Host header: without port and dot, lower-case. */
    private static Optional<String> name(String authority) {
        String text = authority.toLowerCase(Locale.ROOT);
        int end = nameEnd(text);
        if (end <= 0 || !isPort(text, end)) {
            return Optional.empty();
        }
        return Optional.of(text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end));
    }

    /** Of an address in brackets, or of what no delimiter of an authority is in. */
    private static int nameEnd(String text) {
        if (text.startsWith("[")) {
            return text.indexOf(']') + 1;
        }
        int at = 0;
        while (at < text.length() && text.charAt(at) > ' ' && DELIMITERS.indexOf(text.charAt(at)) < 0) {
            at++;
        }
        return at;
    }

    /** Whether nothing follows, or a colon and at most five digits. */
    private static boolean isPort(String text, int from) {
        return from == text.length()
                || (text.charAt(from) == ':'
                        && (from + 1 == text.length() || Tokens.isNumber(text.substring(from + 1), PORT_DIGITS_MAX)));
    }

    /**
     * @param ids the values of all headers {@code E2b-Sandbox-Id}
     * @param ports the values of all headers {@code E2b-Sandbox-Port}
     */
    Destination decide(String authority, List<String> ids, List<String> ports) {
        String host = name(authority).orElse("");
        if (isOwn(host)) {
            return byHeaders(ids, ports);
        }
        if (host.endsWith(suffix)) {
            Matcher label = LABEL.matcher(host.substring(0, host.length() - suffix.length()));
            if (label.matches()) {
                return sandbox(label.group(2), label.group(1), "'" + printable(authority) + "' has no port before ID");
            }
        }
        return new Destination.Refused(
                421,
                "'" + printable(authority) + "' is not served here: a port of a sandbox is " + "PORT-ID." + domain
                        + ", the API is api." + domain + ", localhost or an address of this machine");
    }

    private boolean isOwn(String host) {
        return own.contains(host)
                || IPV4.matcher(host).matches()
                || IPV6.matcher(host).matches();
    }

    private static Destination byHeaders(List<String> ids, List<String> ports) {
        if (ids.isEmpty() && ports.isEmpty()) {
            return API;
        }
        if (ids.isEmpty() || ports.isEmpty()) {
            return new Destination.Refused(400, "missing header: E2b-Sandbox-Id and E2b-Sandbox-Port go together");
        }
        if (ids.size() > 1 || ports.size() > 1) {
            return new Destination.Refused(400, "E2b-Sandbox-Id or E2b-Sandbox-Port is there twice");
        }
        String id = ids.getFirst().toLowerCase(Locale.ROOT);
        if (!ID.matcher(id).matches()) {
            return new Destination.Refused(400, "E2b-Sandbox-Id is not the id of a sandbox");
        }
        return sandbox(id, ports.getFirst(), "E2b-Sandbox-Port is not a port");
    }

    private static Destination sandbox(String text, String portText, String noPort) {
        OptionalInt port = port(portText);
        if (port.isEmpty()) {
            return new Destination.Refused(400, noPort + ": write 1 to 65535");
        }
        Optional<SandboxId> id = id(text);
        return id.isPresent() ? new Destination.Port(id.get(), port.getAsInt()) : new Destination.Unknown(text);
    }

    private static OptionalInt port(String text) {
        if (!Tokens.isNumber(text, PORT_DIGITS_MAX) || text.charAt(0) == '0') {
            return OptionalInt.empty();
        }
        int port = Integer.parseInt(text);
        return port <= PORT_MAX ? OptionalInt.of(port) : OptionalInt.empty();
    }

    private static Optional<SandboxId> id(String text) {
        try {
            return Optional.of(new SandboxId(text));
        } catch (Failure e) {
            return Optional.empty();
        }
    }

    /** A client's words, for it and for a log. */
    private static String printable(String text) {
        String head = text.substring(0, Math.min(text.length(), 100));
        return head.replaceAll("[^!-~]", "?").replaceAll("[<>&'\"]", "?");
    }
}
