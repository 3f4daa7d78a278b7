package dev.skerry.server.settings;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.settings.PistonSettings.Defaults;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Quantity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The table {@code [piston]} of a settings file. */
final class PistonKeys {
    static final String TABLE = "piston.";
    private static final String DEFAULTS = TABLE + "defaults";
    private static final String PACKAGES = TABLE + "packages";

    private PistonKeys() {}

    static List<SettingsFile.Key> keys() {
        PistonSettings standard = PistonSettings.DEFAULT;
        List<SettingsFile.Key> keys = new ArrayList<>();
        keys.add(key(TABLE + "listen", "\"\"", "Where Piston's API listens alone, without TLS; empty: nowhere."));
        keys.add(key(TABLE + "anonymous", "false", "Whether it is answered there without a key."));
        keys.add(key(
                TABLE + "anonymous-isolation",
                "\"" + standard.anonymousIsolation().label() + "\"",
                "Weakest isolation that will do for those without a key."));
        keys.add(key(DEFAULTS, "\"skerry\"", "Standards of the limits below: skerry, or strict for Piston's own."));
        for (PistonLimit limit : PistonLimit.values()) {
            String text = limit.text(limit.standard());
            keys.add(key(limit.setting(), limit.isCount() ? text : "\"" + text + "\"", limit.meaning()));
        }
        keys.add(key(
                TABLE + "limit-overrides",
                "\"\"",
                "Limits of some languages, as PISTON_LIMIT_OVERRIDES has them: JSON, in milliseconds and bytes."));
        keys.add(key(
                TABLE + "body-max",
                "\"" + Quantity.ofBytes(standard.bodyBytesMax()) + "\"",
                "Content of one request, and one message of a WebSocket."));
        keys.add(key(
                TABLE + "sockets-max",
                String.valueOf(standard.socketsMax()),
                "WebSockets at a time; of one tenant half."));
        keys.add(key(
                TABLE + "socket-output-max",
                "\"" + Quantity.ofBytes(standard.socketOutputBytes()) + "\"",
                "What a stage may write to stdout, and to stderr, over a WebSocket."));
        keys.add(key(PACKAGES, "\"\"", "Folder with an index and archives of languages to install; empty: none."));
        return keys;
    }

    private static SettingsFile.Key key(String name, String standard, String meaning) {
        return new SettingsFile.Key(name, standard, meaning);
    }

    static PistonSettings bind(SettingsFile file) {
        PistonSettings standard = PistonSettings.DEFAULT;
        return new PistonSettings(
                file.text(TABLE + "listen", PistonKeys::address, Optional.empty()),
                file.flag(TABLE + "anonymous", false),
                file.text(TABLE + "anonymous-isolation", Isolation::parse, standard.anonymousIsolation()),
                limits(file),
                file.text(TABLE + "limit-overrides", PistonSettings::overrides, Map.of()),
                Math.toIntExact(file.text(TABLE + "body-max", PistonKeys::bodyBytes, (long) standard.bodyBytesMax())),
                Math.toIntExact(file.number(TABLE + "sockets-max", 1, 1 << 16, standard.socketsMax())),
                file.text(TABLE + "socket-output-max", Quantity::bytes, standard.socketOutputBytes()),
                file.text(PACKAGES, PistonKeys::folder, Optional.empty()));
    }

    private static Optional<Address> address(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(Address.parse(text));
    }

    private static Optional<Path> folder(String text) {
        Optional<Path> folder =
                Optional.of(text).filter(some -> !some.isEmpty()).map(Path::of);
        if (folder.isPresent() && !folder.get().isAbsolute()) {
            throw new IllegalArgumentException("it must be an absolute path");
        }
        return folder;
    }

    private static long bodyBytes(String text) {
        long bytes = Quantity.bytes(text);
        if (bytes < 1024 || bytes > 64L << 20) {
            throw new IllegalArgumentException("it must be from 1 KiB to 64 MiB");
        }
        return bytes;
    }

    private static Map<PistonLimit, Long> limits(SettingsFile file) {
        Map<PistonLimit, Long> limits = new EnumMap<>(
                file.text(DEFAULTS, Defaults::parse, Defaults.SKERRY).limits());
        for (PistonLimit limit : PistonLimit.values()) {
            if (file.has(limit.setting())) {
                limits.put(
                        limit,
                        limit.isCount()
                                ? file.number(limit.setting(), 1, 1 << 22, limit.standard())
                                : file.text(limit.setting(), limit::parse, limit.standard()));
            }
        }
        return limits;
    }

    /** Name to value, for whoever wants to know what the settings come to. */
    static Map<String, String> values(PistonSettings settings) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put(TABLE + "listen", settings.listen().map(Address::toString).orElse("none"));
        values.put(TABLE + "anonymous", String.valueOf(settings.anonymous()));
        values.put(TABLE + "anonymous-isolation", settings.anonymousIsolation().label());
        values.put(DEFAULTS, "(they are in the limits below)");
        for (PistonLimit limit : PistonLimit.values()) {
            values.put(limit.setting(), limit.text(settings.limits().get(limit)));
        }
        values.put(TABLE + "limit-overrides", settings.overridesText());
        values.put(TABLE + "body-max", Quantity.ofBytes(settings.bodyBytesMax()));
        values.put(TABLE + "sockets-max", String.valueOf(settings.socketsMax()));
        values.put(TABLE + "socket-output-max", Quantity.ofBytes(settings.socketOutputBytes()));
        values.put(PACKAGES, settings.packages().map(Path::toString).orElse("none"));
        return values;
    }
}
