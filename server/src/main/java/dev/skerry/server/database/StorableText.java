package dev.skerry.server.database;

import java.sql.Types;
import org.jdbi.v3.core.argument.AbstractArgumentFactory;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;

/**
 * A text as both databases can store it. PostgreSQL has no NUL, and neither has half of a surrogate pair: one such
 * character of a client would make a whole transaction fail there. Both are replaced by U+FFFD, on SQLite too, so that
 * what was written is found again by the same text on both.
 */
final class StorableText {
    private static final char REPLACEMENT = '\ufffd';

    private StorableText() {}

    static String of(String any) {
        for (int i = 0; i < any.length(); i++) {
            char each = any.charAt(i);
            if (each == 0 || Character.isSurrogate(each)) {
                return replaced(any);
            }
        }
        return any;
    }

    private static String replaced(String any) {
        return any.codePoints()
                .map(point -> point == 0 || (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)
                        ? REPLACEMENT
                        : point)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Has every text that is bound to a statement made storable, so that nobody has to think of it. */
    static final class Binding extends AbstractArgumentFactory<String> {
        Binding() {
            super(Types.VARCHAR);
        }

        @Override
        protected Argument build(String text, ConfigRegistry config) {
            String storable = of(text);
            return (position, statement, _) -> statement.setString(position, storable);
        }
    }
}
