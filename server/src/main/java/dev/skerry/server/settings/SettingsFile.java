package dev.skerry.server.settings;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.tenants.Quota;
import dev.skerry.server.tenants.Resource;
import dev.skerry.server.tenants.Traffic;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import dev.skerry.wire.Nearest;
import dev.skerry.wire.Quantity;
import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * Reads the settings file (TOML). Everything that is wrong with it is said at once; a key that does not exist is
 * refused, with the nearest one that does.
 */
public final class SettingsFile {
    /** Two labels: clients refuse a certificate for everything below a single one. */
    private static final Pattern DOMAIN =
            Pattern.compile("[a-z0-9][a-z0-9-]{0,62}(\\.[a-z0-9][a-z0-9-]{0,62})+(:[0-9]{1,5})?");

    private static final TomlMapper TOML = TomlMapper.builder().build();

    /** In place of a number or a size. */
    private static final String UNLIMITED = "none";

    private final Map<String, JsonNode> values = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();

    private SettingsFile() {}

    /** One setting, for the documentation and for whoever misspells it. */
    public record Key(String name, String standard, String meaning) {}

    /** All there are. */
    public static List<Key> keys() {
        ServerSettings standard = ServerSettings.DEFAULT;
        SandboxSettings boxes = standard.sandboxes();
        List<Key> own = List.of(
                new Key("data", quoted(standard.data()), "Folder of everything that survives a reboot."),
                new Key(
                        "database",
                        quoted(standard.database().database()),
                        "A SQLite file in the data folder, or postgresql://USER@HOST:PORT/NAME."),
                new Key("database-password-file", quoted(""), "File whose first line is the password for it."),
                new Key("advertise", quoted(""), "Where other servers of the database reach http of this one."),
                new Key("http", quoted(standard.http()), "Where the API listens without TLS."),
                new Key("tls", quoted(standard.tls()), "Where the API and sandboxes' ports listen with TLS."),
                new Key("domain", quoted(standard.domain()), "Sandboxes' names are below it; clients add the port."),
                new Key(
                        "drain",
                        quoted(Quantity.ofTime(standard.drain())),
                        "How long a stopping server waits for requests."),
                new Key(
                        "sandboxes.isolation",
                        quoted(boxes.isolation().label()),
                        "Weakest isolation that will do: container, gvisor."),
                new Key(
                        "sandboxes.launcher",
                        quoted(boxes.launcher().label()),
                        "What starts those of level container: auto, own, crun."),
                new Key("sandboxes.cpus", String.valueOf(boxes.cpuMillis() / 1000.0), "CPUs of one sandbox."),
                new Key("sandboxes.memory", quoted(Quantity.ofBytes(boxes.memoryBytes())), "Memory of one sandbox."),
                new Key("sandboxes.disk", quoted(Quantity.ofBytes(boxes.diskBytes())), "Writable disk of one sandbox."),
                new Key("sandboxes.disk-files", String.valueOf(boxes.diskInodes()), "Files on that disk."),
                new Key("sandboxes.processes", String.valueOf(boxes.processes()), "Tasks in one sandbox."),
                new Key(
                        "sandboxes.timeout-max",
                        quoted(Quantity.ofTime(boxes.timeoutMax())),
                        "How far ahead a sandbox's end may be set."),
                new Key(
                        "sandboxes.resume-timeout",
                        quoted(Quantity.ofTime(boxes.resumeTimeout())),
                        "How long a sandbox runs that traffic has resumed."),
                new Key("sandboxes.running-max", String.valueOf(boxes.runningMax()), "Sandboxes that run at a time."),
                quota("quotas.sandboxes", "Sandboxes of one tenant that run."),
                quota("quotas.cpus", "CPUs of all its sandboxes that run."),
                quota("quotas.memory", "Memory of all that run, or are paused with their memory."),
                quota("quotas.disk", "Disk of all that have not ended."),
                quota("quotas.jobs", "Jobs of one tenant that run at a time."),
                quota("quotas.creates-per-second", "New sandboxes of one tenant, on average; as many at once."),
                rate(Traffic.CREATE, "New sandboxes in a second, by each key; five times as many at once."),
                rate(Traffic.MUTATE, "Other changes in a second, by each key."),
                rate(Traffic.READ, "Other requests in a second, by each key."),
                rate(Traffic.UNKNOWN, "Requests without a valid key in a second, of each address (IPv6: /64)."),
                rate(Traffic.JOB, "Programs to run in a second, by each key."),
                rate(Traffic.ANONYMOUS, "Programs in a second of each address that needs no key (IPv6: /64)."),
                rate(Traffic.DATA, "Requests to sandboxes in a second, of each address."),
                new Key(
                        "audit.keep",
                        quoted(Quantity.ofTime(standard.auditKeep())),
                        "How long the audit log goes back."),
                new Key(
                        "webhooks.networks",
                        quoted(standard.webhookNetworks()),
                        "Networks beside the internet that webhooks may reach, as in 10.1.0.0/16, fd00::/8."),
                new Key("jobs.concurrent", quoted("auto"), "Jobs that run at a time; auto: two for each processor."),
                new Key("jobs.queued", String.valueOf(standard.jobs().queued()), "Jobs that wait, of all tenants."),
                new Key(
                        "jobs.queued-of-tenant",
                        String.valueOf(standard.jobs().queuedOfTenant()),
                        "Jobs that wait, of one."),
                new Key("jobs.weights", quoted(""), "Shares of tenants, as in acme=3, beta=2; of others 1."),
                new Key("jobs.keep", quoted(Quantity.ofTime(standard.jobs().keep())), "How long results are kept."),
                new Key(
                        "jobs.trust",
                        quoted(""),
                        "Weakest isolation by tenant, template or label, as in tenant:guests=gvisor."),
                new Key(
                        "jobs.pools",
                        quoted(standard.pools().text()),
                        "Sandboxes ready for jobs: TEMPLATE[+LANGUAGE][@LEVEL]=FLOOR..CAP, ...; TEMPLATE+sandbox: for"
                                + " creates."),
                new Key(
                        "jobs.pool-hits",
                        String.valueOf(standard.pools().hitPercent()),
                        "Of a hundred jobs, so many shall find a ready sandbox."),
                new Key(
                        "jobs.pool-memory",
                        quoted(Quantity.ofBytes(standard.pools().idleBytes())),
                        "What the ready sandboxes of one pool may cost together."),
                new Key(
                        "jobs.pool-miss",
                        quoted(PoolSettings.label(standard.pools().miss())),
                        "What a job does that finds none: cold, wait, refuse."),
                new Key(
                        "jobs.pool-patience",
                        quoted(Quantity.ofTime(standard.pools().patience())),
                        "How long it waits for one, where it does."));
        return Stream.concat(own.stream(), PistonKeys.keys().stream()).toList();
    }

    private static Key quota(String name, String meaning) {
        return new Key(name, quoted(UNLIMITED), meaning);
    }

    private static Key rate(Traffic traffic, String meaning) {
        Long standard = ServerSettings.DEFAULT.rates().get(traffic);
        return new Key(name(traffic), standard == null ? quoted(UNLIMITED) : String.valueOf(standard), meaning);
    }

    private static String name(Traffic traffic) {
        return "rates." + traffic.name().toLowerCase(Locale.ROOT);
    }

    private static String quoted(Object value) {
        return "\"" + value + "\"";
    }

    /** @throws Failure {@code INVALID_REQUEST}, naming every problem in a line of its own */
    public static ServerSettings read(Path file) {
        try {
            return parse(Files.readString(file), file.toString());
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "the settings file " + file + " cannot be read: " + words(e),
                    "name another one with --config, or none",
                    e);
        }
    }

    private static String line(JacksonException e) {
        return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    }

    private static String words(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is none";
            case AccessDeniedException _ -> "permission denied";
            case MalformedInputException _ -> "it is not UTF-8 text";
            default -> String.valueOf(e.getMessage());
        };
    }

    /** @param origin what to call it in messages */
    public static ServerSettings parse(String text, String origin) {
        SettingsFile file = new SettingsFile();
        try {
            file.flatten("", TOML.readTree(text));
        } catch (JacksonException e) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST, origin + " is not TOML: " + e.getOriginalMessage() + line(e), e);
        }
        ServerSettings settings = file.bind();
        if (!file.problems.isEmpty()) {
            throw new Failure(ErrorCode.INVALID_REQUEST, origin + ":\n  " + String.join("\n  ", file.problems));
        }
        return settings;
    }

    private void flatten(String prefix, JsonNode node) {
        node.properties().forEach(entry -> {
            String name = prefix + entry.getKey();
            if (entry.getValue().isObject()) {
                flatten(name + ".", entry.getValue());
            } else if (keys().stream().noneMatch(key -> key.name().equals(name))) {
                problems.add("there is no setting '" + name + "'; the nearest one is '" + nearest(name) + "'");
            } else {
                values.put(name, entry.getValue());
            }
        });
    }

    private static String nearest(String name) {
        return Nearest.to(name, keys().stream().map(Key::name).toList(), 1).getFirst();
    }

    private ServerSettings bind() {
        ServerSettings standard = ServerSettings.DEFAULT;
        SandboxSettings boxes = standard.sandboxes();
        return new ServerSettings(
                text("data", Path::of, standard.data()),
                new DatabaseSettings(
                        text(
                                "database",
                                DatabaseSettings::database,
                                standard.database().postgres()),
                        text("database-password-file", DatabaseSettings::passwordFile, Optional.empty()),
                        text("advertise", DatabaseSettings::advertised, Optional.empty())),
                text("http", Address::parse, standard.http()),
                text("tls", Address::parse, standard.tls()),
                text("domain", SettingsFile::domain, standard.domain()),
                text("drain", Quantity::time, standard.drain()),
                new SandboxSettings(
                        text("sandboxes.isolation", Isolation::parse, boxes.isolation()),
                        text("sandboxes.launcher", Launcher::parse, boxes.launcher()),
                        cpus("sandboxes.cpus", boxes.cpuMillis()),
                        text("sandboxes.memory", Quantity::bytes, boxes.memoryBytes()),
                        text("sandboxes.disk", Quantity::bytes, boxes.diskBytes()),
                        number("sandboxes.disk-files", 64, Integer.MAX_VALUE, boxes.diskInodes()),
                        Math.toIntExact(number("sandboxes.processes", 8, 1 << 22, boxes.processes())),
                        text("sandboxes.timeout-max", Quantity::time, boxes.timeoutMax()),
                        text("sandboxes.resume-timeout", Quantity::time, boxes.resumeTimeout()),
                        Math.toIntExact(number("sandboxes.running-max", 1, 1 << 20, boxes.runningMax()))),
                pools(standard.pools()),
                quota(),
                rates(standard.rates()),
                text("audit.keep", Quantity::time, standard.auditKeep()),
                text("webhooks.networks", Networks::parse, standard.webhookNetworks()),
                PistonKeys.bind(this),
                jobs(standard.jobs()));
    }

    private PoolSettings pools(PoolSettings standard) {
        return new PoolSettings(
                text("jobs.pools", PoolText::list, standard.pools()),
                (int) number("jobs.pool-hits", 1, 99, standard.hitPercent()),
                text("jobs.pool-memory", Quantity::bytes, standard.idleBytes()),
                text("jobs.pool-miss", PoolSettings::miss, standard.miss()),
                text("jobs.pool-patience", Quantity::time, standard.patience()));
    }

    private JobSettings jobs(JobSettings standard) {
        return new JobSettings(
                text("jobs.concurrent", JobSettings::concurrent, standard.concurrent()),
                Math.toIntExact(number("jobs.queued", 0, 1 << 20, standard.queued())),
                Math.toIntExact(number("jobs.queued-of-tenant", 0, 1 << 20, standard.queuedOfTenant())),
                text("jobs.weights", JobSettings::weights, standard.weights()),
                text("jobs.keep", Quantity::time, standard.keep()),
                text("jobs.trust", TrustPolicy::parse, standard.trust()));
    }

    private Map<Traffic, Long> rates(Map<Traffic, Long> standard) {
        Map<Traffic, Long> rates = new EnumMap<>(Traffic.class);
        rates.putAll(standard);
        for (Traffic traffic : Traffic.values()) {
            if (values.containsKey(name(traffic))) {
                rates.put(traffic, unlessNone(name(traffic), name -> number(name, 1, 1 << 20, 1)));
            }
        }
        rates.values().removeIf(rate -> rate == Quota.NONE);
        return rates;
    }

    private Quota quota() {
        Map<Resource, Long> limits = new EnumMap<>(Resource.class);
        limits.put(Resource.SANDBOXES, unlessNone("quotas.sandboxes", name -> number(name, 0, 1 << 20, 0)));
        limits.put(Resource.CPU_MILLIS, unlessNone("quotas.cpus", name -> (long) cpus(name, 0)));
        limits.put(Resource.MEMORY_BYTES, unlessNone("quotas.memory", name -> text(name, Quantity::bytes, 0L)));
        limits.put(Resource.DISK_BYTES, unlessNone("quotas.disk", name -> text(name, Quantity::bytes, 0L)));
        limits.put(Resource.JOBS, unlessNone("quotas.jobs", name -> number(name, 0, 1 << 20, 0)));
        limits.put(
                Resource.CREATES_PER_SECOND,
                unlessNone("quotas.creates-per-second", name -> number(name, 0, 1 << 20, 0)));
        limits.values().removeIf(limit -> limit == Quota.NONE);
        return new Quota(limits);
    }

    private long unlessNone(String name, ToLongFunction<String> otherwise) {
        JsonNode value = values.get(name);
        boolean none = value == null || (value.isString() && value.stringValue().equals(UNLIMITED));
        if (none) {
            return Quota.NONE;
        }
        int before = problems.size();
        long limit = otherwise.applyAsLong(name);
        if (problems.size() > before) {
            problems.set(before, problems.get(before) + ", or \"none\"");
        }
        return limit;
    }

    /** @throws Failure {@code INVALID_REQUEST} when clients could not use it */
    public static String domain(String text) {
        if (!DOMAIN.matcher(text).matches()) {
            throw new Failure(
                    ErrorCode.INVALID_REQUEST,
                    "'" + text + "' is not a domain of at least two labels, with or without a port",
                    "write it as in sbx.example.org or sbx.localhost:8443");
        }
        return text;
    }

    <T> T text(String name, Function<String, T> parser, T standard) {
        JsonNode value = values.get(name);
        if (value == null) {
            return standard;
        }
        if (!value.isString()) {
            problems.add("'" + name + "' must be a string in quotes");
            return standard;
        }
        try {
            return parser.apply(value.stringValue());
        } catch (Failure | IllegalArgumentException e) {
            String hint = e instanceof Failure failure
                    ? failure.hint().map(text -> "; " + text).orElse("")
                    : "";
            problems.add("'" + name + "': " + e.getMessage() + hint);
            return standard;
        }
    }

    long number(String name, long least, long most, long standard) {
        JsonNode value = values.get(name);
        if (value == null) {
            return standard;
        }
        if (!value.isIntegralNumber() || value.longValue() < least || value.longValue() > most) {
            problems.add("'" + name + "' must be a whole number from " + least + " to " + most);
            return standard;
        }
        return value.longValue();
    }

    boolean flag(String name, boolean standard) {
        JsonNode value = values.get(name);
        if (value == null) {
            return standard;
        }
        if (!value.isBoolean()) {
            problems.add("'" + name + "' must be true or false");
            return standard;
        }
        return value.booleanValue();
    }

    /** Whether the file says something of it. */
    boolean has(String name) {
        return values.containsKey(name);
    }

    private int cpus(String name, int standard) {
        JsonNode value = values.get(name);
        if (value == null) {
            return standard;
        }
        if (!value.isNumber() || value.doubleValue() < 0.01 || value.doubleValue() > 1024) {
            problems.add("'" + name + "' must be a number from 0.01 to 1024");
            return standard;
        }
        return (int) Math.round(value.doubleValue() * 1000);
    }
}
