package dev.skerry.server.database;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A database of a PostgreSQL server, and as whom to open it. There is no password in it, so it can be printed.
 *
 * @param host a name or an address; IPv6 without brackets
 * @param encryption {@code sslmode} as PostgreSQL's own programs call it (libpq, 34.19.3)
 */
public record PostgresAddress(String user, String host, int port, String name, String encryption) {
    private static final int PORT = 5432;
    private static final String WORD = "[A-Za-z0-9_.-]{1,63}";
    private static final Pattern FORM = Pattern.compile("postgres(?:ql)?://(" + WORD + ")@"
            + "(?:\\[([0-9A-Fa-f:.]+)]|([A-Za-z0-9._-]{1,253}))(?::([0-9]{1,5}))?/(" + WORD + ")"
            + "(?:\\?sslmode=([a-z-]+))?");
    private static final Pattern WITH_PASSWORD = Pattern.compile("[a-z]+://[^/@]*:[^@]*@.*");
    private static final List<String> ENCRYPTION =
            List.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    /** @throws Failure {@code INVALID_REQUEST}; what is refused is not repeated, as there may be a password in it */
    public static PostgresAddress parse(String text) {
        if (WITH_PASSWORD.matcher(text).matches()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the address of the database has a password in it, which others could see",
                    "leave it out, and put it into 'database-password-file' or SKERRY_DATABASE_PASSWORD");
        }
        Matcher form = FORM.matcher(text);
        int port = form.matches()
                ? Optional.ofNullable(form.group(4)).map(Integer::parseInt).orElse(PORT)
                : -1;
        String encryption = port < 0 ? "" : Optional.ofNullable(form.group(6)).orElse("prefer");
        if (port < 1 || port > 65_535 || !ENCRYPTION.contains(encryption)) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "that is no address of a database",
                    "write 'sqlite', or it as in postgresql://skerry@db.example.org:5432/skerry, which ?sslmode= may"
                            + " follow with one of " + String.join(", ", ENCRYPTION));
        }
        String host = form.group(2) == null ? form.group(3) : form.group(2);
        return new PostgresAddress(form.group(1), host, port, form.group(5), encryption);
    }

    @Override
    public String toString() {
        String place = host.contains(":") ? "[" + host + "]" : host;
        String mode = encryption.equals("prefer") ? "" : "?sslmode=" + encryption;
        return "postgresql://" + user + "@" + place + ":" + port + "/" + name + mode;
    }
}
