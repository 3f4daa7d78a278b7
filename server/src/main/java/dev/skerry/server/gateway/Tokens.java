package dev.skerry.server.gateway;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.eclipse.jetty.http.HttpField;

/** Words of HTTP (RFC 9110, section 5.6.2), looked at character by character because every request brings many. */
final class Tokens {
    private static final String OTHERS = "!#$%&'*+-.^_`|~";

    private Tokens() {}

    /** Whether the text is one token. */
    static boolean isToken(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
            if (!plain && OTHERS.indexOf(c) < 0) {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** Whether it is a number of so many digits. */
    static boolean isNumber(String text, int digitsMax) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= digitsMax;
    }

    /** Of all fields of that name, in order; an absent value is an empty one. */
    static List<String> values(Iterable<HttpField> fields, String name) {
        List<String> values = List.of();
        for (HttpField field : fields) {
            if (field.getName().equalsIgnoreCase(name)) {
                if (values.isEmpty()) {
                    values = new ArrayList<>(2);
                }
                values.add(field.getValue() == null ? "" : field.getValue());
            }
        }
        return values;
    }

    /** Of a list in one or more fields, in lower case. */
    static List<String> list(Iterable<HttpField> fields, String name) {
        List<String> tokens = List.of();
        for (String value : values(fields, name)) {
            for (String part : value.indexOf(',') < 0 ? List.of(value) : List.of(value.split(",", -1))) {
                String token = part.strip().toLowerCase(Locale.ROOT);
                if (!token.isEmpty()) {
                    if (tokens.isEmpty()) {
                        tokens = new ArrayList<>(2);
                    }
                    tokens.add(token);
                }
            }
        }
        return tokens;
    }
}
