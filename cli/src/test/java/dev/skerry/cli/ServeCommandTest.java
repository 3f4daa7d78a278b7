package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.client.EnvFile;
import dev.skerry.server.database.Password;
import dev.skerry.server.settings.PistonLimit;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.settings.SettingsFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeCommandTest {
    private final Commanded commanded = new Commanded();
    private final FakeServer server = new FakeServer();
    private final List<ServerSettings> opened = new ArrayList<>();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path data;

    @BeforeEach
    void openTheFake() {
        commanded.servers = settings -> {
            opened.add(settings);
            return server;
        };
        server.drained.countDown(); // it serves nobody and has ended at once
    }

    private int serve(String... more) {
        List<String> words = new ArrayList<>(List.of("serve", "--data", data.toString()));
        words.addAll(List.of(more));
        return commanded.skerry(words.toArray(String[]::new));
    }

    private Map<String, String> noted() {
        return EnvFile.read(data.resolve(EnvFile.NAME));
    }

    @Test
    void clientsFindAllTheyNeedInOneFile() throws IOException {
        assertThat(serve()).isZero();
        assertThat(noted())
                .isEqualTo(Map.of(
                        "E2B_API_KEY", server.minted.getFirst(),
                        "E2B_API_URL", "http://127.0.0.1:3000",
                        "E2B_DOMAIN", "sbx.localhost:8443",
                        "NODE_EXTRA_CA_CERTS", "/data/ca.pem",
                        "SSL_CERT_FILE", "/data/all.pem"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(EnvFile.NAME))))
                .isEqualTo("rw-------");
        assertThat(server.closed).isTrue();
    }

    @Test
    void theFileIsThereBeforeItSaysReady() {
        var whenReady = new ArrayList<Boolean>();
        var out = new OutputStream() {
            private final ByteArrayOutputStream all = new ByteArrayOutputStream();

            @Override
            public void write(int b) {
                all.write(b);
                if (all.toString(StandardCharsets.UTF_8).endsWith("ready\n")) {
                    whenReady.add(Files.exists(data.resolve(EnvFile.NAME)));
                }
            }
        };
        assertThat(commanded.skerryTo(out, "serve", "--data", data.toString())).isZero();
        assertThat(whenReady).containsExactly(true);
    }

    @Test
    void aKeyIsMadeOnceAndShownOnce() {
        assertThat(serve()).isZero();
        String key = server.minted.getFirst();
        assertThat(commanded.out())
                .containsOnlyOnce(key)
                .contains("http://127.0.0.1:3000")
                .endsWith("ready\n");
        assertThat(commanded.err())
                .contains("names below sbx.localhost do not resolve")
                .doesNotContain(key);
        assertThat(serve()).isZero();
        assertThat(server.minted).hasSize(1);
        assertThat(commanded.out()).doesNotContain(key).endsWith("ready\n");
        server.keys.clear();
        assertThat(serve()).isZero();
        assertThat(noted()).containsEntry("E2B_API_KEY", server.minted.getLast());
        assertThat(server.minted).hasSize(2);
    }

    @Test
    void aKeyIsNotWrittenToTheJournal() {
        commanded.environment.put("JOURNAL_STREAM", "8:12345");
        assertThat(serve()).isZero();
        assertThat(commanded.out() + commanded.err()).doesNotContain(server.minted.getFirst());
        assertThat(noted()).containsEntry("E2B_API_KEY", server.minted.getFirst());
    }

    @Test
    void anotherFileGetsTheSameAndIsReadFirst() throws IOException {
        Path other = data.resolve("mine.env");
        assertThat(serve("--env-file", other.toString())).isZero();
        assertThat(EnvFile.read(other)).isEqualTo(noted());
        Files.delete(data.resolve(EnvFile.NAME));
        assertThat(serve("--env-file", other.toString())).isZero();
        assertThat(server.minted).hasSize(1);
        assertThat(EnvFile.read(other)).isEqualTo(noted());
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "/no/such/f, there is no folder '/no/such'",
                "/etc/passwd/f, '/etc/passwd' is not a folder",
                "/etc, '/etc' is a folder"
            })
    void aFileThatCannotBeWrittenIsRefusedBeforeAnythingIsMade(String file, String why) {
        assertThat(serve("--check", "--env-file", file)).isEqualTo(2);
        assertThat(commanded.err()).contains("--env-file").contains(why).doesNotContain("Exception");
        assertThat(serve("--env-file", file)).isEqualTo(2);
        assertThat(opened).isEmpty();
    }

    @Test
    void theLinesToPasteWork() throws Exception {
        Path odd = Files.createDirectory(data.resolve("it's a folder"));
        assertThat(commanded.skerry("serve", "--data", odd.toString())).isZero();
        String lines = String.join(
                "\n",
                commanded
                        .out()
                        .lines()
                        .filter(line -> line.startsWith("  export "))
                        .toList());
        Path script = Files.writeString(
                data.resolve("script"),
                lines + "\necho $E2B_API_URL $E2B_API_KEY $E2B_DOMAIN $NODE_EXTRA_CA_CERTS $SSL_CERT_FILE\n");
        Process shell = new ProcessBuilder("/bin/sh", script.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("http://127.0.0.1:3000 " + server.minted.getFirst()
                        + " sbx.localhost:8443 /data/ca.pem /data/all.pem\n");
    }

    @Test
    void checkSaysWhatEverySettingComesToAndStartsNothing() throws IOException {
        commanded.root = false;
        Path file = Files.writeString(data.resolve("s.toml"), "drain = \"7s\"\n[sandboxes]\nmemory = \"96m\"\n");
        assertThat(serve("--check", "--config", file.toString(), "--http", "0.0.0.0:80"))
                .isZero();
        assertThat(commanded.out())
                .startsWith("ok\n")
                .containsPattern("drain +7 s\n")
                .containsPattern("sandboxes.memory +96 MiB\n")
                .containsPattern("http +0.0.0.0:80\n");
        for (SettingsFile.Key key : SettingsFile.keys()) {
            assertThat(commanded.out()).containsPattern("\n" + key.name() + " +\\S");
        }
        assertThat(opened).isEmpty();
        assertThat(noted()).isEmpty();
    }

    @Test
    void checkAsksTheMachineWhereItMay() {
        commanded.servers = new Context.ServerOpener() {
            @Override
            public RunningServer open(ServerSettings settings) {
                return server;
            }

            @Override
            public void check(ServerSettings settings) {
                DemandedLevels.of(settings).require(List.of(Isolation.CONTAINER));
            }
        };
        assertThat(serve("--check")).isZero();
        String[] piston = {"--check", "--piston", "127.0.0.1:2000", "--piston-anonymous"};
        assertThat(serve(piston)).isEqualTo(2);
        assertThat(commanded.err())
                .contains("'piston.anonymous-isolation' is gvisor, for which this machine has no driver")
                .contains("it has: container");
        assertThat(commanded.out()).isEmpty();
        commanded.root = false;
        assertThat(serve(piston)).isZero();
    }

    @Test
    void pistonHasAnAddressOfItsOwnAndNobodyIsAnonymousWithoutIt() {
        assertThat(serve("--piston", "127.0.0.1:2000", "--piston-anonymous", "--piston-defaults", "strict"))
                .isZero();
        PistonSettings piston = opened.getLast().piston();
        assertThat(piston.listen()).map(Object::toString).contains("127.0.0.1:2000");
        assertThat(piston.anonymous()).isTrue();
        assertThat(piston.anonymousIsolation()).isEqualTo(Isolation.GVISOR);
        assertThat(piston.limit("c", PistonLimit.OUTPUT_MAX_SIZE)).isEqualTo(1024);
        assertThat(serve()).isZero();
        assertThat(opened.getLast().piston()).isEqualTo(PistonSettings.DEFAULT);
        assertThat(serve("--piston-anonymous", "--piston-anonymous-isolation", "glass"))
                .isEqualTo(2);
        assertThat(commanded.err())
                .contains("--piston-anonymous-isolation: 'glass' is not an isolation level")
                .contains("piston.anonymous needs an address of its own: --piston 127.0.0.1:2000");
    }

    @Test
    void thePasswordOfTheDatabaseIsTakenAndNeverShown() throws IOException {
        String database = "postgresql://skerry@db.example.org/skerry";
        commanded.environment.put("SKERRY_DATABASE_PASSWORD", "canary");
        assertThat(serve("--database", database)).isZero();
        assertThat(serve("--check", "--database", database)).isZero();
        assertThat(commanded.out()).containsPattern("database +postgresql://skerry@db.example.org:5432/skerry\n");
        Path secret = Files.writeString(data.resolve("password"), "bird\n");
        Path file = Files.writeString(
                data.resolve("s.toml"),
                "database = \"" + database + "\"\ndatabase-password-file = \"" + secret + "\"\n");
        commanded.environment.clear();
        assertThat(serve("--config", file.toString())).isZero();
        assertThat(opened)
                .extracting(settings ->
                        settings.database().password().map(Password::text).orElse(""))
                .containsExactly("canary", "bird");
        assertThat(opened.toString() + commanded.out() + commanded.err()).doesNotContain("canary", "bird");
        assertThat(serve("--database", "postgresql://skerry:canary@db/skerry")).isEqualTo(2);
        assertThat(commanded.err()).contains("--database: ").doesNotContain("canary");
    }

    @Test
    void theLauncherIsThatOfTheCommandLineThenOfTheFileThenTheBest() throws IOException {
        Path file = Files.writeString(data.resolve("s.toml"), "sandboxes.launcher = \"crun\"\n");
        assertThat(serve()).isZero();
        assertThat(serve("--config", file.toString())).isZero();
        assertThat(serve("--config", file.toString(), "--launcher", "own")).isZero();
        assertThat(opened)
                .extracting(settings -> settings.sandboxes().launcher())
                .containsExactly(Launcher.AUTO, Launcher.CRUN, Launcher.OWN);
        assertThat(serve("--launcher", "docker")).isEqualTo(2);
        assertThat(commanded.err()).contains("--launcher: 'docker' is not a launcher; use one of: auto, own, crun");
    }

    @Test
    void allThatIsWrongIsSaidAtOnce() throws IOException {
        Path file = Files.writeString(
                data.resolve("s.toml"),
                "domian = \"a.b\"\ntls = \"t\"\n[sandboxes]\ncpus = \"many\"\nisolation = \"kvm\"\n");
        assertThat(serve("--config", file.toString(), "--http", "here", "--tls", "x:99999", "--domain", "one"))
                .isEqualTo(2);
        assertThat(commanded.err())
                .contains("the nearest one is 'domain'")
                .contains("'sandboxes.cpus' must be a number")
                .contains("'tls': 't' is not an address to listen on; write HOST:PORT")
                .contains("'sandboxes.isolation': 'kvm' is not an isolation level; use one of: container")
                .contains("--http: 'here' is not an address")
                .contains("--tls: 'x:99999' is not an address")
                .contains("--domain: 'one' is not a domain")
                .containsOnlyOnce("lists all settings");
        assertThat(opened).isEmpty();
        assertThat(serve("--http", "127.0.0.1:1", "--tls", "127.0.0.1:1")).isEqualTo(2);
        assertThat(commanded.err()).contains("http and tls are one address");
        assertThat(serve("--config", data + "/none.toml")).isEqualTo(2);
        assertThat(commanded.err())
                .contains("none.toml cannot be read: there is none")
                .doesNotContain("Exception");
        Files.writeString(file, "http = \n");
        assertThat(serve("--config", file.toString())).isEqualTo(2);
        assertThat(commanded.err()).contains("is not TOML").contains("(line 1)");
    }

    @ParameterizedTest
    @CsvSource({
        "--tls 127.0.0.1:9443, sbx.localhost:9443",
        "--tls 127.0.0.1:8443, sbx.localhost:8443",
        "--tls 127.0.0.1:9443 --domain a.b, a.b",
        "--domain a.b:1, a.b:1"
    })
    void namesHaveThePortOfTls(String options, String domain) {
        assertThat(serve(options.split(" ", -1))).isZero();
        assertThat(opened.getFirst().domain()).isEqualTo(domain);
    }

    @Test
    void theDataFolderIsTheNearestThatIsNamed() throws IOException {
        commanded.environment.put("SKERRY_DATA", data.resolve("environment").toString());
        Files.createDirectories(data.resolve("environment"));
        Files.createDirectories(data.resolve("file"));
        assertThat(commanded.skerry("serve")).isZero();
        Path file = Files.writeString(data.resolve("s.toml"), "data = \"" + data + "/file\"\n");
        assertThat(commanded.skerry("serve", "--config", file.toString())).isZero();
        assertThat(serve("--config", file.toString())).isZero();
        assertThat(opened)
                .extracting(ServerSettings::data)
                .containsExactly(data.resolve("environment"), data.resolve("file"), data);
    }

    @Test
    void onlyRootServes() {
        commanded.root = false;
        assertThat(serve()).isEqualTo(2);
        assertThat(commanded.err()).contains("must be root").contains("sudo ./skerry serve");
        assertThat(opened).isEmpty();
    }

    @Test
    void aServerThatCannotStartSaysWhy() {
        commanded.servers = _ -> {
            throw new Failure(ErrorCode.CONFLICT, "cannot listen: 127.0.0.1:3000", "name a free port");
        };
        assertThat(serve()).isEqualTo(125);
        assertThat(commanded.err()).contains("cannot listen").contains("hint: name a free port");
        assertThat(commanded.out()).doesNotContain("ready");
    }

    @Test
    void beingAskedToEndDrainsIt() {
        var late = new FakeServer();
        commanded.servers = _ -> late;
        commanded.stops = Runnable::run;
        assertThat(serve()).isZero();
        assertThat(late.drained.getCount()).isZero();
        assertThat(late.closed).isTrue();
        assertThat(commanded.err()).contains("stopping");
    }
}
