package dev.skerry.server.envd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.envd.EnvdFixture.Streamed;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

@Timeout(60)
class FilesystemTest {
    private EnvdFixture envd;

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        envd = new EnvdFixture(folder);
    }

    @AfterEach
    void stop() {
        envd.close();
    }

    private JsonNode fs(String method, String json) throws Exception {
        return envd.call("/filesystem.Filesystem/" + method, json);
    }

    private String refused(String method, String json, int status) throws Exception {
        HttpResponse<String> response = envd.rpc("/filesystem.Filesystem/" + method, json);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return response.body();
    }

    @Test
    void aFileIsDescribed() throws Exception {
        envd.upload("a.txt", new byte[11]);
        JsonNode entry = fs("Stat", "{\"path\":\"~/a.txt\"}").path("entry");
        assertThat(entry.path("name").asString()).isEqualTo("a.txt");
        assertThat(entry.path("path").asString()).isEqualTo("/home/user/a.txt");
        assertThat(entry.path("type").asString()).isEqualTo("FILE_TYPE_FILE");
        assertThat(entry.path("size").isString()).isTrue();
        assertThat(entry.path("size").asString()).isEqualTo("11");
        assertThat(entry.path("mode").asInt()).isEqualTo(0644);
        assertThat(entry.path("permissions").asString()).isEqualTo("-rw-r--r--");
        assertThat(entry.path("owner").asString()).isEqualTo("user");
        assertThat(entry.path("group").asString()).isEqualTo("user");
        assertThat(entry.path("modifiedTime").asString())
                .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
        assertThat(entry.has("symlinkTarget")).isFalse();
        assertThat(refused("Stat", "{\"path\":\"nope\"}", 404))
                .isEqualTo("{\"code\":\"not_found\",\"message\":\"file not found: /home/user/nope\"}");
    }

    @Test
    void aLinkIsDescribedByWhatItLeadsTo() throws Exception {
        envd.upload("a.txt", new byte[3]);
        Files.createSymbolicLink(envd.home().resolve("one"), Path.of("two"));
        Files.createSymbolicLink(envd.home().resolve("two"), Path.of("a.txt"));
        Files.createSymbolicLink(envd.home().resolve("lost"), Path.of("nowhere"));
        JsonNode entry = fs("Stat", "{\"path\":\"one\"}").path("entry");
        assertThat(entry.path("type").asString()).isEqualTo("FILE_TYPE_FILE");
        assertThat(entry.path("symlinkTarget").asString()).isEqualTo("/home/user/a.txt");
        assertThat(entry.path("permissions").asString()).isEqualTo("Lrwxrwxrwx");
        assertThat(entry.path("isSymlink").asBoolean()).isTrue();
        assertThat(fs("Stat", "{\"path\":\"lost\"}")
                        .path("entry")
                        .path("symlinkTarget")
                        .asString())
                .isEqualTo("/home/user/lost");
    }

    @Test
    void foldersAreMadeListedMovedAndRemoved() throws Exception {
        assertThat(fs("MakeDir", "{\"path\":\"d/e/f\"}")
                        .path("entry")
                        .path("type")
                        .asString())
                .isEqualTo("FILE_TYPE_DIRECTORY");
        assertThat(refused("MakeDir", "{\"path\":\"d/e\"}", 409)).contains("already_exists");
        envd.upload("d/z.txt", new byte[1]);
        envd.upload("d/e/y.txt", new byte[1]);
        assertThat(refused("MakeDir", "{\"path\":\"d/z.txt\"}", 400)).contains("invalid_argument");
        assertThat(paths(fs("ListDir", "{\"path\":\"d\"}"))).containsExactly("/home/user/d/e", "/home/user/d/z.txt");
        assertThat(paths(fs("ListDir", "{\"path\":\"d/\",\"depth\":3}")))
                .containsExactly("/home/user/d/e", "/home/user/d/e/f", "/home/user/d/e/y.txt", "/home/user/d/z.txt");
        Files.createSymbolicLink(envd.home().resolve("link"), Path.of("d"));
        assertThat(paths(fs("ListDir", "{\"path\":\"link\"}")))
                .containsExactly("/home/user/link/e", "/home/user/link/z.txt");
        assertThat(paths(fs("ListDir", "{\"path\":\"/\"}"))).contains("/home", "/etc");
        assertThat(refused("ListDir", "{\"path\":\"nope\"}", 404)).contains("not_found");
        assertThat(refused("ListDir", "{\"path\":\"d/z.txt\"}", 400))
                .contains("path is not a directory: /home/user/d/z.txt");
        assertThat(fs("Move", "{\"source\":\"d/z.txt\",\"destination\":\"new/deep/w.txt\"}")
                        .path("entry")
                        .path("path")
                        .asString())
                .isEqualTo("/home/user/new/deep/w.txt");
        assertThat(refused("Move", "{\"source\":\"d/z.txt\",\"destination\":\"x\"}", 404))
                .contains("not_found");
        fs("Remove", "{\"path\":\"d\"}");
        fs("Remove", "{\"path\":\"d\"}");
        assertThat(envd.home().resolve("d")).doesNotExist();
    }

    private static List<String> paths(JsonNode listing) {
        return listing.path("entries")
                .valueStream()
                .map(entry -> entry.path("path").asString())
                .toList();
    }

    @Test
    void filesAreSeenWithTheRightsOfTheUser() throws Exception {
        Files.writeString(envd.home().resolve("secret"), "x");
        Files.setPosixFilePermissions(envd.home().resolve("secret"), java.util.Set.of());
        assertThat(envd.get(EnvdFixture.files("secret")).statusCode()).isEqualTo(403);
        assertThat(envd.get(EnvdFixture.files("/home/user/secret") + "&username=root")
                        .body())
                .isEqualTo("x");
        assertThat(refused("Remove", "{\"path\":\"/home/user/../../usr\"}", 403))
                .contains("permission_denied");
    }

    @Test
    void whereAUserMayBecomeRootFilesAreReadAndWrittenAnywhere() throws Exception {
        String path = "/home/data/deep/x";
        Files.writeString(envd.home().resolve("secret"), "x");
        Files.setPosixFilePermissions(envd.home().resolve("secret"), java.util.Set.of());
        assertThat(envd.upload(path, "refused".getBytes(StandardCharsets.UTF_8)).statusCode())
                .isEqualTo(403);
        envd.allowSudo();
        assertThat(envd.upload(path, "content".getBytes(StandardCharsets.UTF_8)).statusCode())
                .isEqualTo(200);
        assertThat(envd.get(EnvdFixture.files(path)).body()).isEqualTo("content");
        Path made = envd.guest().home().resolve("data");
        assertThat(Files.getAttribute(made, "unix:uid")).isEqualTo(1000);
        assertThat(Files.getAttribute(made.resolve("deep/x"), "unix:uid")).isEqualTo(1000);
        assertThat(envd.get(EnvdFixture.files("secret")).body()).isEqualTo("x");
        fs("MakeDir", "{\"path\":\"/home/other/folder\"}");
        assertThat(Files.getAttribute(envd.guest().home().resolve("other"), "unix:uid"))
                .isEqualTo(1000);
    }

    @Test
    void aWatchTellsChangesBelowItsFolder() throws Exception {
        fs("MakeDir", "{\"path\":\"w/sub\"}");
        String request = "{\"path\":\"w\",\"recursive\":true,\"includeEntry\":true}";
        try (Streamed stream = envd.stream("/filesystem.Filesystem/WatchDir", request)) {
            assertThat(stream.next().orElseThrow().content().toString()).isEqualTo("{\"start\":{}}");
            envd.upload("w/sub/a.txt", new byte[2]);
            List<String> seen = new ArrayList<>();
            JsonNode entry = null;
            while (!seen.contains("EVENT_TYPE_WRITE sub/a.txt")) {
                JsonNode event = stream.next().orElseThrow().content().path("filesystem");
                seen.add(
                        event.path("type").asString() + " " + event.path("name").asString());
                entry = event.path("entry");
            }
            assertThat(seen.getFirst()).isEqualTo("EVENT_TYPE_CREATE sub/a.txt");
            assertThat(entry.path("path").asString()).isEqualTo("/home/user/w/sub/a.txt");
            Files.delete(envd.home().resolve("w/sub/a.txt"));
            JsonNode event = stream.next().orElseThrow().content().path("filesystem");
            while (!event.path("type").asString().equals("EVENT_TYPE_REMOVE")) {
                event = stream.next().orElseThrow().content().path("filesystem");
            }
            assertThat(event.has("entry")).isFalse();
        }
    }

    @Test
    void aWatchThatCannotBeSaysWhy() throws Exception {
        envd.upload("file", new byte[1]);
        try (Streamed stream = envd.stream("/filesystem.Filesystem/WatchDir", "{\"path\":\"nope\"}")) {
            assertThat(stream.next()
                            .orElseThrow()
                            .content()
                            .path("error")
                            .path("code")
                            .asString())
                    .isEqualTo("not_found");
        }
        try (Streamed stream = envd.stream("/filesystem.Filesystem/WatchDir", "{\"path\":\"file\"}")) {
            assertThat(stream.next()
                            .orElseThrow()
                            .content()
                            .path("error")
                            .path("code")
                            .asString())
                    .isEqualTo("invalid_argument");
        }
        fs("MakeDir", "{\"path\":\"w\"}");
        try (Streamed stream =
                envd.stream("/filesystem.Filesystem/WatchDir", "{\"path\":\"w\"}", "Connect-Timeout-Ms", "100")) {
            stream.next();
            assertThat(stream.rest().error()).isEqualTo("deadline_exceeded");
        }
    }

    @Test
    void aWatcherKeepsItsChangesUntilTheyAreFetched() throws Exception {
        fs("MakeDir", "{\"path\":\"w\"}");
        String id = fs("CreateWatcher", "{\"path\":\"w\"}").path("watcherId").asString();
        envd.upload("w/a.txt", new byte[2]);
        String which = "{\"watcher_id\":\"" + id + "\"}";
        List<String> names = new ArrayList<>();
        while (!names.contains("EVENT_TYPE_WRITE")) {
            fs("GetWatcherEvents", which)
                    .path("events")
                    .valueStream()
                    .forEach(event -> names.add(event.path("type").asString()));
        }
        assertThat(names.getFirst()).isEqualTo("EVENT_TYPE_CREATE");
        fs("RemoveWatcher", which);
        assertThat(refused("GetWatcherEvents", which, 404)).contains("not_found");
        assertThat(refused("RemoveWatcher", which, 404)).contains("not_found");
    }

    @Test
    void onlySoManyWatchersAreKept() throws Exception {
        for (int i = 0; i < 64; i++) {
            fs("CreateWatcher", "{\"path\":\"\"}");
        }
        assertThat(refused("CreateWatcher", "{\"path\":\"\"}", 429))
                .contains("resource_exhausted", "more than 64 watchers");
    }
}
