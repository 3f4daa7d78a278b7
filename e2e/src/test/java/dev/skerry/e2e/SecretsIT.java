package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Secrets that can be recognised, in real processes: the server's, the spawner's, a sandbox's shim and its process 1.
 * They are searched for in what those have written, in their command lines and in their environments.
 */
@ExtendWith(SharedServer.class)
class SecretsIT {
    private static final String ENVIRONMENT = "canary-of-the-environment-7c1f";
    private static final String WEBHOOK = "canary-of-the-webhook-secret-9a2e";
    private static final String METADATA = "control-of-the-metadata-5d3b";

    /** The secret of the instance, and the key for commands on this machine; they are their owner's alone. */
    private static final Set<String> MEANT_FOR_SECRETS = Set.of("secret", "client.env");

    private static String field(String json, String name) {
        Matcher matcher =
                Pattern.compile("\"" + name + "\"\\s*:\\s*\"([^\"]+)\"").matcher(json);
        assertThat(matcher.find()).as("%s in %s", name, json).isTrue();
        return matcher.group(1);
    }

    /** Processes of the host that are the server, below it, or name its run folder. */
    private static List<Long> processes(ShippedServer server) throws IOException {
        String instance = Files.readString(server.data().resolve("instance")).strip();
        List<Long> found = new ArrayList<>(List.of(server.pid()));
        ProcessHandle.of(server.pid())
                .orElseThrow()
                .descendants()
                .map(ProcessHandle::pid)
                .forEach(found::add);
        try (Stream<Path> all = Files.list(Path.of("/proc"))) {
            for (Path process : all.filter(one -> one.getFileName().toString().matches("[0-9]+"))
                    .toList()) {
                if (read(process.resolve("cgroup")).contains(instance)
                        || read(process.resolve("cmdline")).contains(instance)) {
                    found.add(Long.valueOf(process.getFileName().toString()));
                }
            }
        }
        return found.stream().distinct().toList();
    }

    /** Empty for one that has ended, and for a process of the kernel. */
    private static String read(Path file) throws IOException {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            if (String.valueOf(e.getMessage()).contains("No such process")) {
                return "";
            }
            throw e;
        }
    }

    private static Map<String, String> places(ShippedServer server, int[] number) throws IOException {
        Map<String, String> places = new LinkedHashMap<>();
        // At its first start it shows a new key once, unless that would be kept in a journal.
        places.put(
                "the log",
                server.output()
                        .lines()
                        .filter(line -> !line.startsWith("API key  "))
                        .collect(Collectors.joining("\n")));
        // Of what is inside sandboxes, layers and disks, nobody but the sandbox decides.
        for (String folder : List.of("", "templates", "tls")) {
            try (Stream<Path> files = Files.list(server.data().resolve(folder))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    if (!MEANT_FOR_SECRETS.contains(file.getFileName().toString())) {
                        places.put(file.toString(), read(file));
                    }
                }
            }
        }
        for (long pid : processes(server)) {
            number[0]++;
            for (String what : List.of("cmdline", "environ")) {
                Path file = Path.of("/proc", String.valueOf(pid), what);
                places.put(file + " (" + read(file.resolveSibling("comm")).strip() + ")", read(file));
            }
        }
        return places;
    }

    @Test
    void noSecretIsFoundInFilesProcessesAndTheirEnvironments(ShippedServer server) throws IOException {
        String made = server.call("POST", "/v2/sandboxes", """
            {"templateID":"base","timeout":120,"envVars":{"PASSWORD":"%s"},"metadata":{"a":"%s"},
             "network":{"allowPublicTraffic":false}}\
            """.formatted(ENVIRONMENT, METADATA))
                .body();
        String id = field(made, "sandboxID");
        Map<String, String> canaries = new LinkedHashMap<>();
        canaries.put("API key", server.settings().get("E2B_API_KEY"));
        canaries.put("environment", ENVIRONMENT);
        canaries.put("webhook", WEBHOOK);
        canaries.put("token of the sandbox", field(made, "envdAccessToken"));
        canaries.put("token of its ports", field(made, "trafficAccessToken"));
        canaries.put(
                "secret of the instance",
                Files.readString(server.data().resolve("secret")).strip());
        String hook = field(
                server.call("POST", "/events/webhooks", """
                    {"name":"x","url":"http://93.184.216.34/","enabled":false,"signatureSecret":"%s"}
                    """.formatted(WEBHOOK)).body(), "id");
        try {
            assertThat(server.call("POST", "/sandboxes/" + id + "/pause", "").statusCode())
                    .isEqualTo(204);
            assertThat(server.call("POST", "/sandboxes/" + id + "/connect", "{\"timeout\":120}")
                            .statusCode())
                    .isEqualTo(201);
            int[] number = new int[1];
            Map<String, String> places = places(server, number);
            // The server, the spawner, and of the sandbox the shim and process 1.
            assertThat(number[0]).as(places.keySet().toString()).isGreaterThanOrEqualTo(4);
            assertThat(places)
                    .hasEntrySatisfying("the log", text -> assertThat(text).contains("msg=answered"));
            assertThat(places.entrySet())
                    .anyMatch(place -> place.getKey().contains("skerry.db")
                            && place.getValue().contains(METADATA));
            canaries.forEach((what, canary) -> places.forEach((where, text) -> assertThat(text.contains(canary))
                    .as("%s (%s…) in %s", what, canary.substring(0, 8), where)
                    .isFalse()));
        } finally {
            server.call("DELETE", "/events/webhooks/" + hook, "");
            server.call("DELETE", "/sandboxes/" + id, "");
        }
    }
}
