package dev.skerry.wire.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** guestd works with the rights of a user in its own process: what the kernel shows of that is not the user's. */
class OwnFilesTest {
    private static final String USER = "65534";

    private static void denied(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.code())
                .isEqualTo(ErrorCode.DENIED));
    }

    @Test
    void aLinkToItLeadsAUserNowhere(@TempDir Path folder) throws Exception {
        Files.createSymbolicLink(folder.resolve("self"), Path.of("/proc/self"));
        Files.createSymbolicLink(folder.resolve("thread"), Path.of("/proc/thread-self"));
        folder.toFile().setExecutable(true, false);
        try (RealGuest guest = new RealGuest();
                GuestConnection host = guest.pipes()) {
            GuestFiles files = host.files().as(USER);
            for (String link : new String[] {"self", "thread"}) {
                String path = folder.resolve(link).toString();
                denied(() -> files.readText(path + "/maps"));
                denied(() -> files.list(path + "/fd"));
                denied(() -> files.write(path + "/mem", new byte[] {0}, 0600));
                denied(() -> files.write(path + "/comm", new byte[] {'x'}, 0600));
                assertThat(host.files().readText(path + "/maps")).contains("guestd");
            }
            assertThat(files.readText("/proc/cpuinfo")).isNotEmpty();
        }
    }
}
