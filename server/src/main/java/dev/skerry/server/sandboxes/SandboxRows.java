package dev.skerry.server.sandboxes;

import dev.skerry.server.database.Micros;
import dev.skerry.server.secrets.Sealing;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostId;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** How a sandbox is written into a row of the table {@code sandboxes}, and read from it. */
final class SandboxRows {
    /** In ASCII: half a surrogate pair is a text to Java and to JSON, and to no database. */
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private static final TypeReference<Map<String, String>> TEXTS = new TypeReference<>() {};

    private SandboxRows() {}

    /** What every state is flattened to; empty where a state has no such thing. */
    private record Flat(
            String state, String host, String isolation, String pause, Instant at, String reason, String detail) {}

    /** A configuration in two columns: variables, which may be secrets, are encrypted. */
    record Stored(String config, String environment) {}

    private static Stored stored(String id, SandboxConfig config, Sealing sealing) {
        if (config.environment().isEmpty()) {
            return new Stored(JSON.writeValueAsString(config), "");
        }
        String variables = JSON.writeValueAsString(config.environment());
        return new Stored(
                JSON.writeValueAsString(config.withEnvironment(Map.of())),
                sealing.seal(Sealing.Use.ENVIRONMENT, id, variables));
    }

    static Stored reseal(String id, String config, String environment, Sealing sealing) {
        return stored(id, config(id, config, environment, sealing), sealing);
    }

    /** @param environment empty: there are no variables, or they are in the configuration as before encryption */
    private static SandboxConfig config(String id, String text, String environment, Sealing sealing) {
        SandboxConfig config = JSON.readValue(text, SandboxConfig.class);
        return environment.isEmpty()
                ? config
                : config.withEnvironment(JSON.readValue(sealing.open(Sealing.Use.ENVIRONMENT, id, environment), TEXTS));
    }

    /** Column to value: all but {@code idempotency_key}. */
    static Map<String, Object> columns(Sandbox sandbox, Sealing sealing) {
        Stored stored = stored(sandbox.id().text(), sandbox.config(), sealing);
        Flat flat = flat(sandbox.state());
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("id", sandbox.id().text());
        columns.put("tenant", sandbox.tenant().text());
        columns.put("revision", sandbox.revision());
        columns.put("generation", sandbox.generation());
        columns.put("template", sandbox.config().template());
        columns.put("alias", sandbox.config().alias().orElse(""));
        columns.put("config", stored.config());
        columns.put("environment", stored.environment());
        columns.put("created_at", Micros.of(sandbox.createdAt()));
        columns.put("ends_at", Micros.of(sandbox.endsAt()));
        columns.put("live", sandbox.state() instanceof SandboxState.Stopped ? 0 : 1);
        columns.put(
                "shown",
                SandboxQuery.Visible.of(sandbox.state()).map(SandboxRows::shown).orElse(0));
        columns.put("state", flat.state());
        columns.put("host", flat.host());
        columns.put("isolation", flat.isolation());
        columns.put("pause_kind", flat.pause());
        columns.put("state_at", Micros.of(flat.at()));
        columns.put("reason", flat.reason());
        columns.put("detail", flat.detail());
        columns.putAll(why(sandbox.why()));
        return columns;
    }

    /** Column to value, of a sandbox and of an entry of its history. */
    static Map<String, Object> why(Why why) {
        Map<String, Object> columns = new LinkedHashMap<>();
        columns.put("cause", why.cause().name());
        columns.put("key_id", why.origin().key());
        columns.put("key_mask", why.origin().mask());
        columns.put("address", why.origin().address());
        columns.put("request", why.origin().request());
        return columns;
    }

    private static Why why(ResultSet row) throws SQLException {
        return new Why(
                Cause.valueOf(row.getString("cause")),
                new Origin(
                        row.getString("key_id"),
                        row.getString("key_mask"),
                        row.getString("address"),
                        row.getString("request")));
    }

    static int shown(SandboxQuery.Visible visible) {
        return switch (visible) {
            case RUNNING -> 1;
            case PAUSED -> 2;
        };
    }

    private static Flat flat(SandboxState state) {
        return switch (state) {
            case SandboxState.Starting(HostId host, Instant deadline) ->
                new Flat("STARTING", host.text(), "", "", deadline, "", "");
            case SandboxState.Running(HostId host, Isolation isolation, Instant since) ->
                new Flat("RUNNING", host.text(), isolation.name(), "", since, "", "");
            case SandboxState.Pausing(HostId host, Isolation isolation, PauseKind kind, Instant deadline) ->
                new Flat("PAUSING", host.text(), isolation.name(), kind.name(), deadline, "", "");
            case SandboxState.Paused(HostId host, Isolation isolation, PauseKind kind, Instant since) ->
                new Flat("PAUSED", host.text(), isolation.name(), kind.name(), since, "", "");
            case SandboxState.Resuming(HostId host, Isolation isolation, PauseKind from, Instant deadline) ->
                new Flat("RESUMING", host.text(), isolation.name(), from.name(), deadline, "", "");
            case SandboxState.Stopping(HostId host, Cause reason, String detail, Instant deadline) ->
                new Flat("STOPPING", host.text(), "", "", deadline, reason.name(), detail);
            case SandboxState.Stopped(Cause reason, String detail, Instant at) ->
                new Flat("STOPPED", "", "", "", at, reason.name(), detail);
        };
    }

    static Sandbox read(ResultSet row, Sealing sealing) throws SQLException {
        return new Sandbox(
                new SandboxId(row.getString("id")),
                new TenantId(row.getString("tenant")),
                row.getLong("revision"),
                row.getLong("generation"),
                config(row.getString("id"), row.getString("config"), row.getString("environment"), sealing),
                Micros.instant(row.getLong("created_at")),
                Micros.instant(row.getLong("ends_at")),
                state(row),
                why(row));
    }

    private static SandboxState state(ResultSet row) throws SQLException {
        Instant at = Micros.instant(row.getLong("state_at"));
        String state = row.getString("state");
        return switch (state) {
            case "STARTING" -> new SandboxState.Starting(host(row), at);
            case "RUNNING" -> new SandboxState.Running(host(row), isolation(row), at);
            case "PAUSING" -> new SandboxState.Pausing(host(row), isolation(row), kind(row), at);
            case "PAUSED" -> new SandboxState.Paused(host(row), isolation(row), kind(row), at);
            case "RESUMING" -> new SandboxState.Resuming(host(row), isolation(row), kind(row), at);
            case "STOPPING" -> new SandboxState.Stopping(host(row), reason(row), row.getString("detail"), at);
            case "STOPPED" -> new SandboxState.Stopped(reason(row), row.getString("detail"), at);
            default -> throw new IllegalStateException("a sandbox in the database is '" + state + "'");
        };
    }

    private static HostId host(ResultSet row) throws SQLException {
        return new HostId(row.getString("host"));
    }

    private static Isolation isolation(ResultSet row) throws SQLException {
        return Isolation.valueOf(row.getString("isolation"));
    }

    private static PauseKind kind(ResultSet row) throws SQLException {
        return PauseKind.valueOf(row.getString("pause_kind"));
    }

    private static Cause reason(ResultSet row) throws SQLException {
        return Cause.valueOf(row.getString("reason"));
    }

    static Optional<String> key(ResultSet row) throws SQLException {
        return Optional.ofNullable(row.getString("idempotency_key"));
    }

    static SandboxEvent event(ResultSet row) throws SQLException {
        return new SandboxEvent(
                row.getLong("sequence"),
                new SandboxId(row.getString("sandbox")),
                Micros.instant(row.getLong("at")),
                SandboxEvent.Kind.valueOf(row.getString("kind")),
                row.getString("detail"),
                why(row),
                row.getLong("term"));
    }

    /** Of an entry of the metadata. Lengths are part of it, so that no two entries look the same. */
    static String label(TenantId tenant, String name, String value) {
        String whole = tenant + "/" + name.length() + "/" + name + value;
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(whole.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
