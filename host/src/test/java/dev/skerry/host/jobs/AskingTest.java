package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.templates.Template;
import dev.skerry.host.templates.TemplateDefaults;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AskingTest {
    private final List<Isolation> floors = new ArrayList<>();
    private final Asking asking = new Asking((_, floor, _) -> {
        floors.add(floor);
        throw new Failure(ErrorCode.UNSUPPORTED, "nothing is made here");
    });

    private static Template template(String name) {
        return new Template(
                name,
                "sha256:" + name.length(),
                List.of(Path.of("/")),
                new TemplateDefaults("user", "/", List.of(), List.of()),
                false,
                List.of());
    }

    private void ask(String name) {
        assertThatThrownBy(() -> asking.ask(template(name))).isInstanceOf(Failure.class);
    }

    /** Its programs are a stranger's, also those that only say their version. */
    @Test
    void aTemplateIsAskedBehindTheWallThatItsJobsNeed() {
        asking.floors(Map.of("foreign", Isolation.GVISOR, "sha256:0", Isolation.MICROVM));
        ask("own");
        ask("foreign");
        ask("");
        assertThat(floors).containsExactly(Isolation.CONTAINER, Isolation.GVISOR, Isolation.MICROVM);
    }
}
