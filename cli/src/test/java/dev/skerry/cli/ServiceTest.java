package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.LaunchedClone.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ./skerry service}, with stand-ins for systemd's programs; {@code ServiceOnSystemd} has the real ones. */
class ServiceTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    @SuppressWarnings("NullAway.Init")
    private LaunchedClone clone;

    /** What stands for the root of the file system. */
    @SuppressWarnings("NullAway.Init")
    private Path system;

    @BeforeEach
    void makeARelease() throws IOException {
        system = folder.resolve("system");
        Files.createDirectories(system.resolve("run/systemd/system"));
        clone = LaunchedClone.in(folder, Map.of("SKERRY_SYSTEM_ROOT", system.toString()));
        clone.makeARelease("echo \"$@\" >\"${0%/*}/called\"; exit 0");
        clone.command("systemctl", "echo \"systemctl $*\" >>\"${0%/*}/../calls\"");
        clone.command("journalctl", "echo \"journalctl $*\"; exit 4");
    }

    private Path unit() {
        return system.resolve("etc/systemd/system/skerry.service");
    }

    private List<String> calls() throws IOException {
        Path calls = folder.resolve("calls");
        List<String> lines = Files.exists(calls) ? Files.readAllLines(calls) : List.of();
        Files.deleteIfExists(calls);
        return lines;
    }

    private void install() throws Exception {
        Result result = clone.skerry("service", "install");
        assertThat(result.err()).contains("service start");
        assertThat(result.code()).isZero();
    }

    private static void assertStopped(Result result, String... texts) {
        assertThat(result.err()).contains(texts).contains("hint: ");
        assertThat(result.out()).isEmpty();
        assertThat(result.code()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"install", "start", "stop", "restart", "status", "logs", "uninstall"})
    void withoutSystemdItSaysWhatToRunInstead(String verb) throws Exception {
        Files.delete(system.resolve("run/systemd/system"));
        assertStopped(
                clone.skerry("service", verb),
                "systemd does not run this machine",
                "in the foreground: " + folder.toRealPath() + "/skerry serve",
                "in the background: setsid ");
        assertThat(calls()).isEmpty();
    }

    @Test
    void theUnitStartsThisInstallationAndKeepsSandboxesAlive() throws Exception {
        install();
        assertThat(calls()).containsExactly("systemctl daemon-reload", "systemctl enable skerry.service");
        assertThat(Files.readAllLines(unit()))
                .contains(
                        "ExecStart=/bin/sh \"" + folder.toRealPath()
                                + "/skerry\" serve --config /etc/skerry/skerry.toml",
                        "Delegate=yes",
                        "DelegateSubgroup=supervisor",
                        "KillMode=process",
                        "OOMPolicy=continue",
                        "Restart=always",
                        "RestartPreventExitStatus=2",
                        "User=root",
                        "WantedBy=multi-user.target")
                .noneMatch(line -> line.matches("(Protect|Private|ReadOnly|ReadWrite|Inaccessible|Bind|Root|Temporary"
                        + "|NoNewPrivileges|CapabilityBoundingSet|MountFlags|StateDirectory|RuntimeDirectory).*"))
                .noneMatch(line -> line.startsWith("Environment="));
        assertThat(Files.readString(system.resolve("etc/skerry/skerry.toml"))).contains("docs/settings.md");
    }

    @Test
    void settingsThatAreThereStay() throws Exception {
        Path settings = system.resolve("etc/skerry/skerry.toml");
        Files.createDirectories(settings.resolveSibling(""));
        Files.writeString(settings, "drain = \"1s\"\n");
        install();
        install();
        assertThat(settings).hasContent("drain = \"1s\"");
    }

    @Test
    void aFolderWithAnOddNameIsQuoted() throws Exception {
        Path odd = Files.createDirectory(folder.resolve("100% \"my\" $HOME\\x"));
        clone = LaunchedClone.in(odd, Map.of("SKERRY_SYSTEM_ROOT", system.toString(), "SKERRY_DATA", "/srv/a b%c"));
        clone.makeARelease("exit 0");
        clone.command("systemctl", "exit 0");
        install();
        String name = odd.toRealPath()
                .toString()
                .replace("\\", "\\\\")
                .replace("\"", "\\\"")
                .replace("%", "%%");
        assertThat(Files.readAllLines(unit()))
                .contains(
                        "ExecStart=/bin/sh \"" + name.replace("$", "$$")
                                + "/skerry\" serve --config /etc/skerry/skerry.toml",
                        "Environment=\"SKERRY_DATA=/srv/a b%%c\"");
    }

    @Test
    void startTriesTheSettingsFirst() throws Exception {
        install();
        calls();
        assertThat(clone.skerry("service", "start").code()).isZero();
        assertThat(calls()).containsExactly("systemctl start skerry.service");
        assertThat(folder.resolve("runtime/bin/called"))
                .content()
                .contains("-XX:+ExitOnOutOfMemoryError", "-XX:+DisplayVMOutputToStderr")
                .endsWith("dev.skerry.cli.Main serve --check --config " + system + "/etc/skerry/skerry.toml\n");
        clone.makeARelease("echo wrong >&2; exit 2");
        Result refused = clone.skerry("service", "restart");
        assertThat(refused).isEqualTo(new Result(2, "", "wrong\n"));
        assertThat(calls()).isEmpty();
    }

    @Test
    void theOtherVerbsAreThoseOfSystemd() throws Exception {
        install();
        calls();
        assertThat(clone.skerry("service", "stop").code()).isZero();
        assertThat(clone.skerry("service", "status", "--lines=5").code()).isZero();
        assertThat(calls())
                .containsExactly(
                        "systemctl stop skerry.service", "systemctl status --no-pager skerry.service --lines=5");
        assertThat(clone.skerry("service", "logs", "-f"))
                .isEqualTo(new Result(4, "journalctl -u skerry.service -f\n", ""));
        assertThat(folder.resolve("runtime/bin/called")).as("no Java is needed").doesNotExist();
    }

    @Test
    void uninstallLeavesSettingsAndData() throws Exception {
        install();
        calls();
        Result result = clone.skerry("service", "uninstall");
        assertThat(result.code()).isZero();
        assertThat(result.err()).contains("sandboxes end when their time is over");
        assertThat(unit()).doesNotExist();
        assertThat(system.resolve("etc/skerry/skerry.toml")).exists();
        assertThat(calls())
                .containsExactly(
                        "systemctl disable --now skerry.service",
                        "systemctl daemon-reload",
                        "systemctl reset-failed skerry.service");
    }

    @ParameterizedTest
    @ValueSource(strings = {"start", "stop", "restart", "status", "logs", "uninstall"})
    void whatIsNotInstalledIsSaidToBeSo(String verb) throws Exception {
        assertStopped(clone.skerry("service", verb), "there is no service yet", "/skerry service install");
        assertThat(calls()).isEmpty();
    }

    @Test
    void anotherUserThanRootIsToldSo() throws Exception {
        clone.command("id", "echo 1000");
        assertStopped(
                clone.skerry("service", "install"), "'service install' is for root", "sudo " + folder.toRealPath());
        assertThat(unit()).doesNotExist();
    }

    @Test
    void wordsThatMeanNothingAreRefused() throws Exception {
        assertStopped(clone.skerry("service"), "install|start|stop");
        assertStopped(clone.skerry("service", "enable"), "'enable' is nothing that can be done");
        assertStopped(clone.skerry("service", "install", "--http", "x"), "not '--http'", "/etc/skerry/skerry.toml");
        assertThat(calls()).isEmpty();
    }

    @Test
    void aCloneRemembersItsJdk() throws Exception {
        Path other = Files.createDirectory(folder.resolve("clone"));
        clone = LaunchedClone.in(other, Map.of("SKERRY_SYSTEM_ROOT", system.toString(), "SKERRY_DIST", "/nowhere"));
        clone.command("crun", "exit 1");
        clone.command("systemctl", "exit 0");
        install();
        assertThat(Files.readAllLines(unit()))
                .contains("Environment=\"SKERRY_JAVA_HOME=" + other.toRealPath() + "/jdk\"");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(unit())))
                .isEqualTo("rw-r--r--");
    }
}
