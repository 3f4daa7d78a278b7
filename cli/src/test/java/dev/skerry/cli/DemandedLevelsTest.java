package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.settings.ServerSettings;
import dev.skerry.server.settings.SettingsFile;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DemandedLevelsTest {
    private static final List<Isolation> BOTH = List.of(Isolation.CONTAINER, Isolation.GVISOR);

    private static DemandedLevels of(String settings) {
        return DemandedLevels.of(SettingsFile.parse(settings.replace('~', '\n'), "test"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "sandboxes.isolation = 'microvm' | 'sandboxes.isolation' is microvm",
                "jobs.trust = 'tenant:a=gvisor, label:a:b=microvm' | 'jobs.trust', rule label:a:b=microvm, is microvm",
                "jobs.pools = 'base@microvm=0..1' | 'jobs.pools', pool base@microvm=0..1, is microvm",
                "piston.listen = '127.0.0.1:1'~piston.anonymous = true~piston.anonymous-isolation = 'microvm'"
                        + " | 'piston.anonymous-isolation' is microvm"
            })
    void aLevelThatNoDriverHasIsRefusedWithThoseThereAre(String settings, String words) {
        assertThatThrownBy(() -> of(settings).require(BOTH)).isInstanceOfSatisfying(Failure.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(failure)
                    .hasMessageContaining(words + ", for which this machine has no driver")
                    .hasMessageContaining("it has: container, gvisor");
        });
    }

    @Test
    void allOfThemAreNamedAtOnce() {
        assertThatThrownBy(() -> of("sandboxes.isolation = 'gvisor'~jobs.trust = 'tenant:a=gvisor'")
                        .require(List.of(Isolation.CONTAINER)))
                .hasMessageContainingAll("'sandboxes.isolation'", "'jobs.trust'");
    }

    @Test
    void whatThereIsPassesAndSoDoesWhatIsNotAsked() {
        assertThatCode(() -> {
                    of("sandboxes.isolation = 'gvisor'~jobs.trust = 'tenant:a=gvisor'")
                            .require(BOTH);
                    of("piston.anonymous-isolation = 'microvm'").require(BOTH);
                    DemandedLevels.of(ServerSettings.DEFAULT).require(List.of());
                })
                .doesNotThrowAnyException();
    }

    @Test
    void aWordThatIsNoLevelIsAnsweredWithThoseThatCanBe() {
        assertThatThrownBy(() -> Isolation.parse("foo"))
                .isInstanceOfSatisfying(Failure.class, failure -> assertThat(failure.hint())
                        .hasValueSatisfying(hint -> assertThat(hint).isEqualTo("use one of: container, gvisor")));
    }
}
