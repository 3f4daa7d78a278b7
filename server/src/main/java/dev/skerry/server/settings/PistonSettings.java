package dev.skerry.server.settings;

import dev.skerry.server.http.BadJson;
import dev.skerry.server.http.Listener.Address;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The door that speaks Piston's API.
 *
 * @param listen an address of its own; empty: it is at the API's addresses only
 * @param anonymous whether requests without a key are answered at that address
 * @param anonymousIsolation the weakest that will do for them
 * @param limits of every language
 * @param overrides of some languages, by canonical name
 * @param bodyBytesMax of one request, and of one message of a WebSocket
 * @param socketsMax WebSockets at a time; of one tenant half
 * @param socketOutputBytes what a stage may write to stdout, and to stderr, over a WebSocket
 * @param packages folder of what may be installed; empty: nothing
 */
public record PistonSettings(
        Optional<Address> listen,
        boolean anonymous,
        Isolation anonymousIsolation,
        Map<PistonLimit, Long> limits,
        Map<String, Map<PistonLimit, Long>> overrides,
        int bodyBytesMax,
        int socketsMax,
        long socketOutputBytes,
        Optional<Path> packages) {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** What Piston's own packages say of themselves. */
    private static final Map<String, Map<PistonLimit, Long>> PACKAGES = Map.of(
            "csharp", Map.of(PistonLimit.MAX_PROCESS_COUNT, 128L),
            "csharp.net", Map.of(PistonLimit.MAX_PROCESS_COUNT, 128L),
            "fsharp.net", Map.of(PistonLimit.MAX_PROCESS_COUNT, 128L),
            "fsi", Map.of(PistonLimit.MAX_PROCESS_COUNT, 128L),
            "basic.net", Map.of(PistonLimit.MAX_PROCESS_COUNT, 128L),
            "zig", Map.of(PistonLimit.COMPILE_TIMEOUT, 15_000L, PistonLimit.COMPILE_CPU_TIME, 15_000L));

    public static final PistonSettings DEFAULT = new PistonSettings(
            Optional.empty(),
            false,
            Isolation.GVISOR,
            Defaults.SKERRY.limits(),
            Map.of(),
            100 << 10,
            256,
            1 << 20,
            Optional.empty());

    /** Whose standards the limits have that nobody has set. */
    public enum Defaults {
        SKERRY,
        /** Piston's, with its 1,024 characters of output. */
        STRICT;

        private static final long STRICT_OUTPUT = 1024;

        Map<PistonLimit, Long> limits() {
            Map<PistonLimit, Long> limits = new EnumMap<>(PistonLimit.class);
            Arrays.stream(PistonLimit.values()).forEach(limit -> limits.put(limit, limit.standard()));
            if (this == STRICT) {
                limits.put(PistonLimit.OUTPUT_MAX_SIZE, STRICT_OUTPUT);
            }
            return limits;
        }

        public static Defaults parse(String text) {
            return switch (text) {
                case "skerry" -> SKERRY;
                case "strict" -> STRICT;
                default ->
                    throw new Failure(
                            ErrorCode.INVALID_REQUEST,
                            "there are no defaults '" + text + "'",
                            "use skerry, or strict for Piston's own");
            };
        }
    }

    public PistonSettings {
        limits = Map.copyOf(limits);
        Map<String, Map<PistonLimit, Long>> each = new LinkedHashMap<>();
        overrides.forEach((language, own) -> each.put(language, Map.copyOf(own)));
        overrides = Map.copyOf(each);
    }

    /** What the command line says instead of the file. */
    public record Overrides(
            Optional<Address> listen,
            boolean anonymous,
            Optional<Isolation> anonymousIsolation,
            Optional<Defaults> defaults) {}

    public PistonSettings with(Overrides over) {
        return new PistonSettings(
                over.listen().or(this::listen),
                anonymous || over.anonymous(),
                over.anonymousIsolation().orElse(anonymousIsolation),
                over.defaults().map(this::rebased).orElse(limits),
                overrides,
                bodyBytesMax,
                socketsMax,
                socketOutputBytes,
                packages);
    }

    /** With another folder of packages. */
    public PistonSettings withPackages(Path folder) {
        return new PistonSettings(
                listen,
                anonymous,
                anonymousIsolation,
                limits,
                overrides,
                bodyBytesMax,
                socketsMax,
                socketOutputBytes,
                Optional.of(folder));
    }

    /** What was set to something of its own stays. */
    private Map<PistonLimit, Long> rebased(Defaults defaults) {
        Map<PistonLimit, Long> next = new EnumMap<>(defaults.limits());
        Map<PistonLimit, Long> usual = DEFAULT.limits();
        limits.forEach((limit, value) -> {
            if (!value.equals(usual.get(limit))) {
                next.put(limit, value);
            }
        });
        return next;
    }

    /**
     * Of a language: its override, else what its package says, else what every language has. 0 and less stand for no
     * limit of its own.
     */
    public long limit(String language, PistonLimit limit) {
        return Optional.ofNullable(overrides.getOrDefault(language, Map.of()).get(limit))
                .or(() -> Optional.ofNullable(
                        PACKAGES.getOrDefault(language, Map.of()).get(limit)))
                .orElseGet(() -> limits.get(limit));
    }

    /** As of Piston's {@code PISTON_LIMIT_OVERRIDES}: JSON, by language, in its own names and units. */
    static Map<String, Map<PistonLimit, Long>> overrides(String text) {
        JsonNode root;
        try {
            root = JSON.readTree(text.isBlank() ? "{}" : text);
        } catch (JacksonException e) {
            throw wrong("it is not JSON" + BadJson.place(e));
        }
        Map<String, Map<PistonLimit, Long>> all = new LinkedHashMap<>();
        if (!root.isObject()) {
            throw wrong("it is not an object");
        }
        root.properties()
                .forEach(language -> all.put(language.getKey(), override(language.getKey(), language.getValue())));
        return all;
    }

    private static Map<PistonLimit, Long> override(String language, JsonNode node) {
        Map<PistonLimit, Long> own = new EnumMap<>(PistonLimit.class);
        if (!node.isObject()) {
            throw wrong("of '" + language + "' it has no object");
        }
        node.properties().forEach(entry -> {
            PistonLimit limit = PistonLimit.of(entry.getKey())
                    .orElseThrow(() -> wrong("there is no limit '" + entry.getKey() + "'"));
            if (!entry.getValue().isIntegralNumber() || !entry.getValue().canConvertToLong()) {
                throw wrong("'" + entry.getKey() + "' of '" + language + "' is not a whole number");
            }
            own.put(limit, entry.getValue().longValue());
        });
        return own;
    }

    private static Failure wrong(String what) {
        String names =
                Arrays.stream(PistonLimit.values()).map(PistonLimit::label).collect(Collectors.joining(", "));
        return new Failure(
                ErrorCode.INVALID_REQUEST,
                what,
                "write it as in '{\"java\":{\"run_timeout\":5000}}'; limits are " + names);
    }

    /** Names of settings to what they come to. */
    public Map<String, String> values() {
        return PistonKeys.values(this);
    }

    /** As {@link #overrides(String)} reads it. */
    String overridesText() {
        Map<String, Map<String, Long>> named = new LinkedHashMap<>();
        overrides.forEach((language, own) -> {
            Map<String, Long> values = new LinkedHashMap<>();
            own.forEach((limit, value) -> values.put(limit.label(), value));
            named.put(language, values);
        });
        return JSON.writeValueAsString(named);
    }
}
