package dev.skerry.host.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.templates.LayoutOnDisk;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.hosts.HostTemplate;
import dev.skerry.wire.jobs.PoolPlan;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One template that has two names. */
class AgentTemplatesTest extends AgentFixture {
    private static final String FIRST = "tests/first";
    private static final String SECOND = "tests/second";

    @TempDir
    private Path folder;

    private String digest;

    @BeforeEach
    void importTwice() throws IOException {
        Path image = LayoutOnDisk.of(folder.resolve("image"), "hello", "of two names");
        digest = agent.importTemplate(image, FIRST).digest();
        assertThat(agent.importTemplate(image, SECOND).digest()).isEqualTo(digest);
    }

    @AfterEach
    void removeIt() {
        agent.jobs().plan(List.of());
        if (!here().isEmpty()) {
            agent.removeTemplate(digest);
        }
    }

    private List<HostTemplate> here() {
        return agent.templates().stream()
                .filter(template -> template.digest().equals(digest))
                .toList();
    }

    @Test
    void itIsShownUnderEachOfThem() {
        assertThat(here())
                .allMatch(HostTemplate::current)
                .extracting(HostTemplate::name)
                .containsExactly(Optional.of(FIRST), Optional.of(SECOND));
        agent.removeTemplate(FIRST);
        assertThat(here()).extracting(HostTemplate::name).containsExactly(Optional.of(SECOND));
    }

    /** It has no member yet, and may have one at any moment. */
    private static PoolPlan pool(String template) {
        return new PoolPlan(
                template,
                Isolation.CONTAINER,
                Optional.empty(),
                64 << 20,
                0,
                8,
                0.9,
                1 << 30,
                Miss.COLD,
                Duration.ofSeconds(1));
    }

    @Test
    void thatOfAPoolStaysByWhicheverNameItIsToGo() {
        agent.jobs().plan(List.of(pool(SECOND)));
        failsWith(ErrorCode.CONFLICT, () -> agent.removeTemplate(digest));
        failsWith(ErrorCode.CONFLICT, () -> agent.removeTemplate(SECOND));
        assertThat(here()).hasSize(2);
        // A name that the pool does not need.
        agent.removeTemplate(FIRST);
        failsWith(ErrorCode.CONFLICT, () -> agent.removeTemplate(SECOND));
        agent.jobs().plan(List.of());
        agent.removeTemplate(SECOND);
        assertThat(here()).isEmpty();
    }
}
