package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostedSandbox;
import dev.skerry.wire.hosts.HostedSandbox.State;
import dev.skerry.wire.hosts.Incarnation;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of a ready sandbox whose claim stops half way, at each place where it can. */
class InterruptedClaimTest extends AgentFixture {
    private static final String GO = "go\n";

    /** The first start makes the template, which takes seconds. */
    @BeforeEach
    void templates() {
        agent.templates();
    }

    private static Incarnation first(SandboxId id) {
        return new Incarnation(id, 1);
    }

    private static long usualMemory(SandboxId id) {
        return AgentHost.onDisk(first(id)).limits().memoryBytes();
    }

    private static void command(String... words) throws Exception {
        assertThat(new ProcessBuilder(List.of(words)).inheritIO().start().waitFor())
                .isZero();
    }

    /** The sandbox has ended, and its disk cannot be removed, as something is mounted there. */
    @Test
    void aStartThatFailsHasNoDiskAfterwards() throws Exception {
        AgentReadyTest.fill(agent, 1);
        SandboxId id = agent.reserve(AgentReadyTest.needs()).orElseThrow();
        String disk = AgentHost.FOLDER.resolve("disks").resolve(id.text()).toString();
        AgentHost.killShim(first(id).toString());
        command("mount", "--bind", disk, disk);
        try {
            failsWith(ErrorCode.INTERNAL, () -> agent.start(AgentHost.onDisk(first(id))));
        } finally {
            command("umount", disk);
        }
        agent.discardDisk(id);
        assertThat(agent.disks()).doesNotContain(id);
        assertThat(agent.start(AgentHost.onDisk(first(id))).warm()).isFalse();
    }

    private static SandboxId said(Process server) throws Exception {
        return new SandboxId(server.inputReader().readLine());
    }

    private static void tell(Process server) throws Exception {
        OutputStream input = server.getOutputStream();
        input.write(GO.getBytes(StandardCharsets.UTF_8));
        input.flush();
    }

    private void isThereOnce(SandboxId id) throws Exception {
        assertThat(agent.list()).hasSize(1);
        HostedSandbox sandbox = agent.list().getFirst();
        assertThat(sandbox.incarnation()).isEqualTo(first(id));
        assertThat(sandbox.state()).isEqualTo(State.RUNNING);
        assertThat(agent.guest(first(id)).ping(AgentHost.BOUND)).isPositive();
        assertThat(AgentReadyTest.memoryLimit(first(id))).isEqualTo(usualMemory(id));
        assertThat(AgentHost.runFolders()).containsExactly(first(id).toString());
        assertThat(agent.disks()).contains(id);
    }

    /** Its limits are in force, its deadline is not confirmed; and nothing is written down. */
    @Test
    void aServerThatIsKilledBeforeAClaimIsWrittenDownLeavesNothing() throws Exception {
        agent.close();
        Process server = AgentProcess.start("claim");
        SandboxId id = said(server);
        String shim = AgentHost.shim(first(id).toString());
        command("kill", "-STOP", shim);
        tell(server);
        AgentHost.await("its limits are in force", () -> AgentReadyTest.memoryLimit(first(id)) == usualMemory(id));
        server.destroyForcibly().waitFor();
        command("kill", "-CONT", shim);
        open();
        assertThat(agent.list()).isEmpty();
        assertThat(AgentHost.runFolders()).isEmpty();
        assertThat(agent.disks()).doesNotContain(id);
        // What the server has stored says that it is to be started.
        assertThat(agent.start(AgentHost.onDisk(first(id))).warm()).isFalse();
        isThereOnce(id);
    }

    /** It is a life of a sandbox from then on, although nobody was told. */
    @Test
    void aServerThatIsKilledAfterAClaimIsWrittenDownLeavesAllOfIt() throws Exception {
        agent.close();
        Process server = AgentProcess.start("claim");
        SandboxId id = said(server);
        String shim = AgentHost.shim(first(id).toString());
        Path record = AgentHost.instanceFolder().resolve(first(id).toString()).resolve("record");
        tell(server);
        AgentHost.await("it is written down", () -> AgentHost.content(record)
                .filter(text -> text.contains("\"hosted\":true"))
                .isPresent());
        server.destroyForcibly().waitFor();
        open();
        isThereOnce(id);
        assertThat(AgentHost.shim(first(id).toString())).isEqualTo(shim);
        assertThat(agent.start(AgentHost.onDisk(first(id))).warm()).isTrue();
        isThereOnce(id);
    }
}
