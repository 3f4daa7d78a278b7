package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import dev.skerry.wire.stream.ExecRequest;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Disks that outlive a sandbox, on this machine. */
class AgentDiskTest extends AgentFixture {
    @Test
    void aDiskOutlivesItsSandboxWithOwnersAndDeletions() throws Exception {
        Incarnation first = AgentHost.fresh();
        agent.start(AgentHost.onDisk(first));
        var guest = agent.guest(first);
        AgentHost.shell(guest, "rm /etc/hostname; rm -r /var/spool; mkdir /var/spool; echo new > /etc/hosts");
        AgentHost.run(
                guest,
                ExecRequest.of("/bin/sh", "-c", "echo mine > /home/user/file; mkdir /home/user/d; ln -s x /home/user/l")
                        .as("user"));
        AgentHost.shell(
                guest,
                "dd if=/dev/urandom of=/root/noise bs=1M count=8 2>/dev/null; sha256sum /root/noise >"
                        + " /root/sum; sync");
        assertThat(agent.usage(first).diskBytes()).isBetween(8L << 20, 64L << 20);
        failsWith(ErrorCode.CONFLICT, () -> agent.discardDisk(first.id()));
        failsWith(ErrorCode.CONFLICT, () -> agent.start(AgentHost.onDisk(AgentHost.next(first))));
        agent.destroy(first, Duration.ofSeconds(5));
        assertThat(AgentHost.loops()).isEmpty();
        assertThat(agent.disks()).containsExactly(first.id());
        AgentHost.assertConsistent(first.id());

        Incarnation second = AgentHost.next(first);
        agent.start(AgentHost.onDisk(second));
        var again = agent.guest(second);
        assertThat(AgentHost.shell(again, "cat /etc/hosts; ls /etc/hostname 2>&1 | wc -l; ls -A /var/spool"))
                .isEqualTo("new\n1");
        assertThat(AgentHost.shell(again, "sha256sum -c /root/sum")).isEqualTo("/root/noise: OK");
        assertThat(AgentHost.shell(again, "stat -c %U:%G /home/user/file /home/user/l /etc/hosts"))
                .isEqualTo("user:user\nuser:user\nroot:root");
        assertThat(AgentHost.run(
                        again,
                        ExecRequest.of("/bin/sh", "-c", "echo more >> /home/user/file; cat /home/user/file")
                                .as("user")))
                .isEqualTo("mine\nmore");
        goneIs(() -> agent.start(AgentHost.onDisk(first)));
        agent.destroy(second, NO_GRACE);
        AgentHost.assertConsistent(first.id());
        agent.discardDisk(first.id());
        agent.discardDisk(first.id());
        assertThat(agent.disks()).isEmpty();
    }

    @Test
    void aDiskOutlivesItsSandboxAtLevelGvisorToo() throws Exception {
        Incarnation first = AgentHost.fresh();
        agent.start(atGvisor(first));
        assertThat(agent.list().getFirst().isolation()).isEqualTo(Isolation.GVISOR);
        AgentHost.run(
                agent.guest(first),
                ExecRequest.of("/bin/sh", "-c", "echo mine > /home/user/f; echo t > /tmp/t")
                        .as("user"));
        agent.destroy(first, Duration.ofSeconds(5));
        AgentHost.assertConsistent(first.id());
        agent.start(atGvisor(AgentHost.next(first)));
        var guest = agent.guest(AgentHost.next(first));
        assertThat(AgentHost.shell(guest, "cat /home/user/f /tmp/t; stat -c %U /home/user/f /tmp/t"))
                .isEqualTo("mine\nt\nuser\nuser");
    }

    @Test
    void processesHearAboutTheEndAndWhatTheySaveIsThere() throws Exception {
        Incarnation first = AgentHost.fresh();
        agent.start(AgentHost.onDisk(first));
        var process = agent.guest(first)
                .exec(ExecRequest.of(
                        "/bin/sh",
                        "-c",
                        "trap 'echo saved > /root/state; exit' TERM; echo ready; while :;" + " do sleep 0.05; done"));
        assertThat(process.stdout().read()).isEqualTo('r');
        agent.destroy(first, Duration.ofSeconds(5));
        Incarnation second = AgentHost.next(first);
        agent.start(AgentHost.onDisk(second));
        assertThat(AgentHost.shell(agent.guest(second), "cat /root/state")).isEqualTo("saved");
    }

    @Test
    void aDiskHoldsItsLimitsOnBytesAndFiles() throws Exception {
        Incarnation incarnation = AgentHost.fresh();
        agent.start(AgentHost.onDisk(incarnation));
        var guest = agent.guest(incarnation);
        String bytes = AgentHost.shell(
                guest,
                "cd /root; for i in 1 2 3 4 5 6 7 8; do dd if=/dev/zero of=f$i bs=1M count=16 2>/dev/null; done;"
                        + " cat f* | wc -c; rm f*");
        assertThat(Long.parseLong(bytes)).isBetween(56L << 20, 64L << 20);
        // Before the next lack of space: ext4 gives up what it has not discarded by then.
        givenBack(incarnation);
        String files = AgentHost.shell(
                guest,
                "mkdir /root/n; cd /root/n; i=0; while true > f$i && [ $i -lt 4000 ]; do i=$((i+1)); done 2>/dev/null;"
                        + " ls | wc -l");
        assertThat(Integer.parseInt(files)).isBetween(1500, 2100);
        assertThat(AgentHost.shell(guest, "rm -r /root/n; sync; echo still")).isEqualTo("still");
        givenBack(incarnation);
    }

    private void givenBack(Incarnation incarnation) {
        AgentHost.await(
                "what was deleted is given back", () -> agent.usage(incarnation).diskBytes() < 8 << 20);
    }

    @Test
    void aDiskThatDoesNotFitIsRefusedAndNothingOfItIsMade() {
        Incarnation incarnation = AgentHost.fresh();
        Limits limits = Limits.DEFAULT.withDisk(agent.facts().diskBytes() + (1L << 30), 2000);
        StartSandbox command = new StartSandbox(
                incarnation, "base", Isolation.CONTAINER, limits, Privilege.SUDO, Optional.empty(), true);
        failsWith(ErrorCode.NO_SPACE, () -> agent.start(command));
        assertThat(agent.list()).isEmpty();
        assertThat(agent.disks()).isEmpty();
    }

    @Test
    void aLaterLifeIsNotGivenAnEmptyDiskForOneThatIsGone() throws Exception {
        Incarnation first = AgentHost.fresh();
        agent.start(AgentHost.onDisk(first));
        agent.destroy(first, NO_GRACE);
        agent.discardDisk(first.id());
        goneIs(() -> agent.start(AgentHost.onDisk(AgentHost.next(first))));
        assertThat(agent.disks()).isEmpty();
    }

    private static StartSandbox atGvisor(Incarnation incarnation) {
        StartSandbox plain = AgentHost.onDisk(incarnation);
        return new StartSandbox(
                incarnation,
                "base",
                Isolation.GVISOR,
                plain.limits().withMemoryBytes(512L << 20),
                Privilege.SUDO,
                Optional.empty(),
                true);
    }
}
