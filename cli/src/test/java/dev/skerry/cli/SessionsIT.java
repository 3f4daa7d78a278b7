package dev.skerry.cli;

import static dev.skerry.cli.Shipped.skerry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.Shipped.Result;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What lasts longer than a moment: Ctrl-C, a killed command and its successor, terminals. */
class SessionsIT {
    @AfterEach
    void nothingIsLeft() {
        for (JsonNode row : sandboxes()) {
            skerry("kill", row.get("id").asString());
        }
    }

    private static JsonNode sandboxes() {
        return JsonMapper.shared().readTree(skerry("ps", "--json").out());
    }

    @Test
    void ctrlCEndsTheSandbox() {
        try (Shipped running =
                Shipped.start("run", "--id", "interrupted", "--lang", "bash", "-c", "echo up; sleep 60")) {
            running.awaitOutput("up");
            running.signal("INT");
            assertThat(running.await().code()).isEqualTo(130);
        }
        assertThat(sandboxes()).isEmpty();
    }

    @Test
    void aKilledRunIsPickedUpWithAllThatItSaid() {
        String script = "echo first; read x; echo second $x; for i in 1 2 3; do echo line $i; done; exit 9";
        try (Shipped running = Shipped.start("run", "--id", "lost", "--lang", "bash", "-c", script)) {
            running.awaitOutput("first");
            running.signal("KILL");
            running.await();
        }
        JsonNode row = sandboxes().get(0);
        assertThat(row.get("name").asString()).isEqualTo("lost");
        assertThat(row.get("state").asString()).isEqualTo("running");
        try (Shipped attached = Shipped.start("attach", "lost")) {
            attached.type("word\n");
            attached.endInput();
            Result result = attached.await();
            assertThat(result.out()).endsWith("second word\nline 1\nline 2\nline 3\n");
            assertThat(result.code()).isEqualTo(9);
        }
        assertThat(sandboxes()).isEmpty();
    }

    @Test
    void aSandboxThatSomebodyControlsIsNotTaken() {
        try (Shipped running = Shipped.start("run", "--id", "busy", "--lang", "bash", "-c", "echo up; sleep 60")) {
            running.awaitOutput("up");
            Result second = skerry("attach", "busy");
            assertThat(second.code()).isEqualTo(125);
            assertThat(second.err()).contains("is controlled by process");
            Result sameName = skerry("run", "--id", "busy", "--", "true");
            assertThat(sameName.code()).isEqualTo(125);
            assertThat(skerry("kill", "busy").code()).isZero();
            assertThat(running.await().code()).isEqualTo(125);
        }
        assertThat(sandboxes()).isEmpty();
    }

    /** script(1) gives the command a terminal of its own. */
    private static Shipped onTerminal(String command) {
        return Shipped.startProgram(List.of("/usr/bin/script", "-qec", command, "/dev/null"));
    }

    @Test
    void aShellHasATerminalAndCtrlCReachesTheProgramInIt() {
        try (Shipped shell = onTerminal("stty rows 33 cols 101; " + Shipped.ROOT.resolve("skerry") + " shell")) {
            shell.awaitOutput("$ ");
            shell.type("stty size; tty\r");
            shell.awaitOutput("33 101");
            shell.awaitOutput("/dev/pts/");
            // The quotes keep the echo of what is typed from being taken for the program's own word.
            shell.type("sh -c 'echo slee\"\"ping; exec sleep 600'\r");
            shell.awaitOutput("sleeping");
            shell.type("\u0003");
            shell.type("echo code=$?\r");
            shell.awaitOutput("code=130");
            shell.type("exit 5\r");
            assertThat(shell.await().code()).isEqualTo(5);
        }
        assertThat(sandboxes()).isEmpty();
    }

    @Test
    void aShellNeedsATerminal() {
        Result result = skerry("shell");
        assertThat(result.code()).isEqualTo(2);
        assertThat(result.err()).contains("not a terminal");
    }

    @Test
    void doctorFindsThisMachineGood() {
        Result result = skerry("doctor", "--json");
        assertThat(result.code()).isZero();
        JsonNode checks = JsonMapper.shared().readTree(result.out()).get("checks");
        assertThat(checks.findValuesAsString("state")).doesNotContain("missing");
    }
}
