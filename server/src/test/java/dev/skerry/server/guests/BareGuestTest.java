package dev.skerry.server.guests;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.GuestProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BareGuestTest {
    @Test
    void theUserIsThereAndSoIsItsHome(@TempDir Path folder) throws Exception {
        try (BareGuest guest = BareGuest.start(folder)) {
            GuestProcess process = guest.connection()
                    .exec(ExecRequest.of("/bin/sh", "-c", "id -un; echo $$; touch /home/user/here")
                            .as("user"));
            String output = new String(process.stdout().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(output).startsWith("user\n");
            assertThat(Integer.parseInt(output.lines().toList().getLast())).isLessThan(100);
            assertThat(guest.home().resolve("user/here")).exists();
        }
    }
}
