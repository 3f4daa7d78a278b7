package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.jobs.LanguagePackage;
import dev.skerry.server.piston.PistonServer.Answer;
import dev.skerry.server.sandboxes.Eventually;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.tenants.AuditEntry;
import dev.skerry.server.tenants.AuditFilter;
import dev.skerry.server.tenants.AuditQuery;
import dev.skerry.server.tenants.KeyScope;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packages over HTTP; an archive here says in words which languages are inside. */
class PackagesTest {
    @TempDir
    private Path folder;

    private Path packages;
    private PistonServer server;
    private String admin;

    /** Knows what is in the archives that were imported. */
    private static final class Shelf implements JobHost {
        private final Map<String, Path> images;

        Shelf(Map<String, Path> images) {
            this.images = images;
        }

        @Override
        public List<LanguageRuntime> runtimes() {
            return images.entrySet().stream()
                    .flatMap(image -> lines(image.getValue()).stream()
                            .map(line -> line.split(" ", -1))
                            .map(words -> FakeJobs.runtime(image.getKey(), words[0], words[1], false)))
                    .toList();
        }

        private static List<String> lines(Path file) {
            try {
                return Files.readAllLines(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void floors(Map<String, Isolation> ofTemplates) {}

        @Override
        public JobOutcome run(JobOrder order, JobListener listener) {
            throw new Failure(ErrorCode.UNSUPPORTED, "it runs nothing");
        }

        @Override
        public void plan(List<PoolPlan> plans) {}

        @Override
        public List<PoolState> pools() {
            return List.of();
        }

        @Override
        public void close() {}
    }

    @BeforeEach
    void open() throws IOException {
        packages = Files.createDirectory(folder.resolve("packages"));
        server = new PistonServer(folder, PistonSettings.DEFAULT.withPackages(packages), RateLimits.NONE);
        server.host.jobs = new Shelf(server.host.templates.images);
        server.jobs.more = server.host.jobs::runtimes;
        admin = server.key(KeyScope.ADMIN);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private String line(String language, String version, String file, String content) throws Exception {
        byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
        Files.write(packages.resolve(file), bytes);
        String digest =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        return language + "," + version + "," + digest + "," + file + "\n";
    }

    private void index(String... lines) throws IOException {
        Files.writeString(packages.resolve("index"), "# what this school has\n\n" + String.join("", lines));
    }

    private Answer change(String method, String language, String version) throws Exception {
        String body = "{\"language\":\"" + language + "\",\"version\":\"" + version + "\"}";
        return server.send(method, "/api/v2/packages", body, "Content-Type", PistonServer.JSON, "X-API-Key", admin);
    }

    private List<String> listed(String language) throws Exception {
        return server.get("/api/v2/packages")
                .is(200)
                .body()
                .valueStream()
                .filter(one -> one.get("language").stringValue().equals(language))
                .map(one -> one.get("language_version").stringValue() + " "
                        + one.get("installed").booleanValue() + " " + one.get("templates"))
                .toList();
    }

    @Test
    void onesOfTheFolderAreListedInstalledAndRemoved() throws Exception {
        index(
                line("lua", "5.3.6", "lua-5.3.6.tar", "lua 5.3.6\n"),
                line("lua", "5.4.6", "lua-5.4.6.tar", "lua 5.4.6\nperl 5.40.0\n"),
                line("c++", "14.2.0", "gcc.tar", "c 14.2.0\nc++ 14.2.0\n"));
        assertThat(listed("lua")).containsExactly("5.3.6 false []", "5.4.6 false []");
        change("DELETE", "lua", "5.4.6").says(500, "lua-5.4.6 is not installed");
        assertThat(change("POST", "lua", "5.x").is(200).body().toString())
                .isEqualTo("{\"language\":\"lua\",\"version\":\"5.4.6\"}");
        assertThat(listed("lua")).containsExactly("5.4.6 true [\"packages/lua/5.4.6\"]", "5.3.6 false []");
        change("POST", "lua", "*").says(500, "Already installed");
        change("POST", "c++", "14.2.0").is(200);
        assertThat(server.host.templates.images).containsOnlyKeys("packages/lua/5.4.6", "packages/cpp/14.2.0");
        assertThat(server.execute("{\"language\":\"lua\",\"version\":\"5.4.6\",\"files\":[{\"content\":\"\"}]}")
                        .is(200)
                        .body()
                        .get("version")
                        .stringValue())
                .isEqualTo("5.4.6");
        assertThat(server.jobs.last().order().runtime().template()).isEqualTo("packages/lua/5.4.6");
        change("DELETE", "lua", "5.4.6").is(200);
        change("DELETE", "lua", "5.4.6").says(500, "lua-5.4.6 is not installed");
        assertThat(listed("lua")).containsExactly("5.3.6 false []", "5.4.6 false []");
        assertThat(server.host.templates.images).containsOnlyKeys("packages/cpp/14.2.0");
    }

    @Test
    void whatIsNotAsTheIndexSaysIsNotKept() throws Exception {
        index(
                line("lua", "5.4.6", "lua-5.4.6.tar", "lua 5.4.4\nperl 5.40.0\n"),
                line("ruby", "3.4.0", "ruby.tar", "ruby 3.4.0\n"));
        change("POST", "lua", "5.4.6").says(400, "lua-5.4.6.tar has no lua-5.4.6 inside, but lua-5.4.4, perl-5.40.0");
        Files.writeString(packages.resolve("ruby.tar"), "ruby 3.4.0 forged\n");
        assertThat(change("POST", "ruby", "3.4.0").is(500).body().get("message").stringValue())
                .startsWith("Checksum miss-match want: ")
                .contains(" got: ");
        assertThat(server.host.templates.images).isEmpty();
        Files.delete(packages.resolve("ruby.tar"));
        assertThat(change("POST", "ruby", "3.4.0").is(501).body().get("message").stringValue())
                .startsWith("the packages cannot be read: ")
                .contains("ruby.tar");
        change("POST", "cobol", "1.0.0").says(404, "Requested package cobol-1.0.0 does not exist");
    }

    /** A pool was planned for it before it was there. */
    @Test
    void whoseArchiveIsWrongHearsThatAlsoIfItCannotBeRemoved() throws Exception {
        index(line("lua", "5.4.6", "lua-5.4.6.tar", "lua 5.4.4\n"));
        server.host.templates.held.add("packages/lua/5.4.6");
        Answer answer =
                change("POST", "lua", "5.4.6").says(400, "lua-5.4.6.tar has no lua-5.4.6 inside, but lua-5.4.4");
        assertThat(answer.body().get("hint").stringValue())
                .startsWith("correct the index")
                .contains("template 'packages/lua/5.4.6' is in use by a pool", "end that first");
        assertThat(server.host.templates.images).containsOnlyKeys("packages/lua/5.4.6");
        server.host.templates.held.clear();
        index(line("lua", "5.4.6", "right.tar", "lua 5.4.6\n"));
        change("POST", "lua", "5.4.6").is(200);
    }

    @Test
    void anIndexThatCannotBeReadTakesNothingFromWhatIsInstalled() throws Exception {
        assertThat(listed("python")).hasSize(3);
        assertThat(change("POST", "lua", "5.4.6").is(501).body().get("message").stringValue())
                .contains(packages.resolve("index").toString());
        for (String wrong : List.of(
                "lua,5.4.6,abc,lua.tar",
                "lua,5.4.6," + "a".repeat(64) + ",../lua.tar",
                "lua,5.4," + "a".repeat(64) + ",lua.tar",
                "lua,5.4.6," + "a".repeat(64) + ",https://packages.test/lua.tar")) {
            index(wrong + "\n");
            assertThat(listed("python")).hasSize(3);
            assertThat(change("POST", "lua", "5.4.6")
                            .is(501)
                            .body()
                            .get("message")
                            .stringValue())
                    .endsWith("line 3 is not LANGUAGE,VERSION,SHA256,FILE");
        }
    }

    @Test
    void changesAreAuditedByTheNameOfThePackage() throws Exception {
        index(line("lua", "5.4.6", "lua-5.4.6.tar", "lua 5.4.6\n"));
        change("POST", "lua", "5.4.6").is(200);
        change("DELETE", "lua", "5.4.6").is(200);
        AuditQuery ofIt = AuditQuery.newest(AuditFilter.of(Optional.empty(), "lua-5.4.6"), 10);
        // A change is written there once it has been answered.
        Eventually.holds(() -> server.audit.find(ofIt).size() >= 2);
        assertThat(server.audit.find(ofIt))
                .extracting(AuditEntry::operation)
                .containsExactly("DELETE /api/v2/packages", "POST /api/v2/packages");
    }

    @Test
    void aPackageIsThereForItsOwnLanguage() {
        assertThat(new LanguagePackage("c++", "14.2.0")
                        .has(FakeJobs.runtime("packages/cpp/14.2.0", "c++", "14.2.0", true)))
                .isTrue();
        assertThat(new LanguagePackage("lua", "5.4.6").has(FakeJobs.runtime("base", "lua", "5.4.6", false)))
                .isFalse();
    }
}
