package dev.skerry.docs;

import dev.skerry.server.sandboxes.Cause;
import dev.skerry.server.sandboxes.SandboxEvent;
import dev.skerry.server.settings.SettingsFile;
import dev.skerry.wire.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Writes the documents that are made from the code; run it after a change to settings, error codes or causes. */
final class GeneratedDocs {
    private GeneratedDocs() {}

    /** @param arguments the folder {@code docs} */
    public static void main(String[] arguments) throws IOException {
        for (Map.Entry<String, String> document : all().entrySet()) {
            Files.writeString(Path.of(arguments[0]).resolve(document.getKey()), document.getValue());
        }
    }

    /** File name to text. */
    static Map<String, String> all() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("settings.md", settings());
        all.put("errors.md", errors());
        all.put("events.md", events());
        return all;
    }

    private static String settings() {
        StringBuilder text = new StringBuilder("""
            # Settings of the server

            `skerry serve --config FILE` reads one file in [TOML](https://toml.io). Every key may be left out;
            one that does not exist is refused, with the nearest one that does, and all that is wrong is said at
            once. `skerry serve --check` tries a file and prints what every setting comes to. What the command
            line says (`--data`, `--database`, `--advertise`, `--http`, `--tls`, `--domain`, `--launcher`, `--piston…`)
            comes before the file.

            The password of a PostgreSQL database is in no setting, as settings are printed: it is the first line of
            `database-password-file`, or the variable `SKERRY_DATABASE_PASSWORD`, which comes first. The address may
            end with `?sslmode=verify-full` or another of PostgreSQL's modes; without, TLS is used if it is offered.

            A name with a dot is written below the table of its first part: `sandboxes.memory` as `memory` below
            `[sandboxes]`. Sizes are written as `"512m"` or `"1.5g"` (powers of 1024), times as `"30s"`, `"5m"`
            or `"24h"`.

            | setting | standard | meaning |
            | --- | --- | --- |
            """);
        for (SettingsFile.Key key : SettingsFile.keys()) {
            text.append("| `%s` | `%s` | %s |%n".formatted(key.name(), key.standard(), key.meaning()));
        }
        text.append("""

            Everything at its standard:

            ```toml
            """);
        String table = "";
        for (SettingsFile.Key key : SettingsFile.keys()) {
            int dot = key.name().indexOf('.');
            String own = dot < 0 ? "" : key.name().substring(0, dot);
            if (!own.equals(table)) {
                text.append("\n[").append(own).append("]\n");
                table = own;
            }
            text.append(key.name().substring(dot + 1))
                    .append(" = ")
                    .append(key.standard())
                    .append('\n');
        }
        return text.append("```\n").toString();
    }

    private static String errors() {
        StringBuilder text = new StringBuilder("""
            # Errors

            Whatever refuses something names one of these codes, says what was wrong, and where it knows it,
            what would be right. Programs branch on the code or the status, never on the text. A door that
            imitates another API keeps that API's own statuses where they differ; docs of that door say so.

            *Who acts* is the caller (ask differently), whoever adds hosts, whoever runs what we depend on, or
            us: a bug. What is marked *again* may succeed when it is asked again, unchanged and a little later.

            | code | status | who acts | again | meaning |
            | --- | --- | --- | --- | --- |
            """);
        for (ErrorCode code : ErrorCode.values()) {
            text.append("| `%s` | %d | %s | %s | %s |%n"
                    .formatted(
                            code, code.status(), actor(code.kind()), code.retryable() ? "yes" : "no", meaning(code)));
        }
        return text.toString();
    }

    private static String events() {
        StringBuilder text = new StringBuilder("""
            # Events

            What happens to a sandbox is kept until seven days after its end. `skerry events` and
            `GET /skerry/v1/events` list it, `skerry why ID` tells it with who asked for what, webhooks and the
            stream of events bring it. Programs branch on `kind` and `cause`, never on `detail`.

            | kind | meaning |
            | --- | --- |
            """);
        for (SandboxEvent.Kind kind : SandboxEvent.Kind.values()) {
            text.append("| `%s` | %s |%n".formatted(kind.name().toLowerCase(Locale.ROOT), meaning(kind)));
        }
        text.append("""

            Each has one of these causes. Of a pause, a resume and an end it is why that was begun, whoever finished
            it.

            | cause | as it is told |
            | --- | --- |
            """);
        for (Cause cause : Cause.values()) {
            text.append("| `%s` | %s |%n".formatted(cause.label(), cause.words()));
        }
        return text.toString();
    }

    private static String meaning(SandboxEvent.Kind kind) {
        return switch (kind) {
            case CREATED -> "It is stored, and being started.";
            case STARTED ->
                "It runs; its time begins. The detail ends with `start warm` for one that was ready before the"
                        + " create, else `start cold`.";
            case PAUSED -> "It is paused, in memory or to disk.";
            case PAUSE_FAILED -> "It could not be paused, and runs on.";
            case RESUMED -> "It runs again.";
            case RESUME_FAILED -> "It could not be resumed, and stays paused.";
            case RENEWED -> "It has another end.";
            case ENDED -> "It has ended. There is exactly one for each sandbox, and nothing after it.";
        };
    }

    private static String actor(ErrorCode.Kind kind) {
        return switch (kind) {
            case CALLER -> "the caller";
            case CAPACITY -> "whoever adds hosts";
            case DEPENDENCY -> "whoever runs the dependency";
            case BUG -> "us";
        };
    }

    private static String meaning(ErrorCode code) {
        return switch (code) {
            case INVALID_REQUEST -> "The request, the command line or a settings file is wrong.";
            case UNAUTHENTICATED -> "There is no key or token, or it is not valid.";
            case DENIED -> "The caller is known and may not do this.";
            case NOT_FOUND -> "There is no such thing, or it is not the caller's.";
            case METHOD_NOT_ALLOWED -> "The path exists, with other methods.";
            case CONFLICT -> "It is in a state in which this cannot be done.";
            case LIMIT_EXCEEDED -> "A limit of the caller, or of the request, is reached.";
            case NO_SPACE -> "A disk is full, or cannot be written.";
            case UNSUPPORTED -> "This host cannot do it: a program, a kernel feature or an isolation level is missing.";
            case NO_CAPACITY -> "No host has room for it now.";
            case HOST_UNREACHABLE -> "A host, or the server itself, does not answer.";
            case SANDBOX_GONE -> "The sandbox ended, or its stream broke, while the request was under way.";
            case DEADLINE_EXCEEDED -> "It took longer than it may.";
            case INTERNAL -> "A mistake of Skerry; the log has more.";
        };
    }
}
