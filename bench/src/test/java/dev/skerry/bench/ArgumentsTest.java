package dev.skerry.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.Failure;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArgumentsTest {
    private static Arguments first(String... words) {
        Arguments arguments = new Arguments("bench jobs", List.of(words));
        assertThat(arguments.next()).isTrue();
        return arguments;
    }

    @Test
    void namesAndValuesComeInTheirOrder() {
        Arguments arguments = first("--rounds", "7", "--quick");
        assertThat(arguments.name()).isEqualTo("--rounds");
        assertThat(arguments.number()).isEqualTo(7);
        assertThat(arguments.next()).isTrue();
        assertThat(arguments.name()).isEqualTo("--quick");
        assertThat(arguments.next()).isFalse();
    }

    @Test
    void whatIsWrongIsNamedTogetherWithWhatHelps() {
        assertThatThrownBy(() -> first("--rounds").value())
                .isInstanceOf(Failure.class)
                .hasMessageContaining("--rounds needs a value");
        for (String number : List.of("0", "-1", "1.5", "x", "")) {
            assertThatThrownBy(() -> first("--rounds", number).number())
                    .isInstanceOf(Failure.class)
                    .hasMessageContaining("not '" + number + "'");
        }
        assertThatThrownBy(() -> first("--only", "nothing").oneOf(List.of("claims", "class")))
                .isInstanceOfSatisfying(
                        Failure.class, failure -> assertThat(failure.hint()).contains("one of claims, class"));
        assertThat(first("--rond").unknown().hint()).contains("skerry bench jobs --help");
    }
}
