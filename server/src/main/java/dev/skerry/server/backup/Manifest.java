package dev.skerry.server.backup;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a backup says of itself.
 *
 * @param product the version that wrote it
 * @param database {@code sqlite}, or the address of the PostgreSQL database, which is not in it
 * @param schema version of the database that is in it; 0 if there is none
 * @param files what is in it, by its path in the data folder
 */
public record Manifest(String product, Instant createdAt, String database, int schema, Map<String, FileFacts> files) {
    static final String NAME = "manifest.json";
    static final String SQLITE = "sqlite";
    private static final String KIND = "skerry-backup";

    /** Of the file as a whole; it rises when an earlier version could not restore it rightly. */
    private static final int FORMAT = 1;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** @param sha256 of its bytes, in hexadecimal */
    public record FileFacts(long bytes, String sha256) {}

    public Manifest {
        files = Map.copyOf(files);
    }

    public boolean sqlite() {
        return database.equals(SQLITE);
    }

    byte[] json() {
        ObjectNode root = JSON.createObjectNode();
        root.put("kind", KIND).put("format", FORMAT).put("product", product);
        root.put("createdAt", createdAt.toString()).put("database", database).put("schema", schema);
        ObjectNode all = root.putObject("files");
        new TreeMap<>(files)
                .forEach((name, file) ->
                        all.putObject(name).put("bytes", file.bytes()).put("sha256", file.sha256()));
        return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** @throws Failure {@code INVALID_REQUEST} when it is of another kind, or of a version that is not written yet */
    static Manifest parse(byte[] json) {
        try {
            JsonNode root = JSON.readTree(json);
            if (!KIND.equals(root.path("kind").asString(""))) {
                throw BackupFile.otherKind();
            }
            String product = root.path("product").asString("?");
            int format = root.path("format").asInt(0);
            if (format > FORMAT) {
                throw new Failure(
                        ErrorCode.INVALID_REQUEST,
                        "the backup was written by Skerry " + product + " in form " + format
                                + ", and this version knows those up to " + FORMAT,
                        "restore it with that version, or a newer one");
            }
            Map<String, FileFacts> files = new TreeMap<>();
            root.required("files")
                    .properties()
                    .forEach(file -> files.put(
                            file.getKey(),
                            new FileFacts(
                                    file.getValue().required("bytes").longValue(),
                                    file.getValue().required("sha256").stringValue())));
            return new Manifest(
                    product,
                    Instant.parse(root.required("createdAt").stringValue()),
                    root.required("database").stringValue(),
                    root.required("schema").intValue(),
                    files);
        } catch (JacksonException | DateTimeException e) {
            throw BackupFile.damaged("its list of contents cannot be read");
        }
    }
}
