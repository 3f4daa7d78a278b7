package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxLoopbackTest {
    /** As when process 1 has ended and somebody else has its id: the network would be another one. */
    @Test
    void aProcessThatIsNotOfTheSandboxLeadsNowhere(@TempDir Path folder) throws IOException {
        long pid = ProcessHandle.current().pid();
        Path procs = Files.writeString(folder.resolve("cgroup.procs"), "1\n" + pid + "0\n");
        assertThat(new SandboxLoopback(pid, List.of(procs)).socket()).isEmpty();
        assertThat(new SandboxLoopback(pid, List.of(folder.resolve("none"))).socket())
                .isEmpty();
    }
}
