package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LanguageSetTest {
    @Test
    void everyLanguageIsInOneSetWithItsPackages() {
        assertThat(LanguageSet.all().stream().flatMap(set -> set.languages().stream()))
                .containsExactlyInAnyOrder(Language.values());
        assertThat(Stream.of(Language.values()))
                .allSatisfy(language -> assertThat(LanguageSet.of(language).packages())
                        .contains(language.packages().split(" ", -1)));
    }

    @Test
    void languagesOfOneToolchainComeTogether() {
        LanguageSet gcc = LanguageSet.of(Language.CPP);
        assertThat(gcc).isEqualTo(LanguageSet.of(Language.C));
        assertThat(gcc.name()).isEqualTo("c");
        assertThat(gcc.packages()).containsExactly("gcc", "libc6-dev", "g++");
        assertThat(LanguageSet.of(Language.TYPESCRIPT).packages()).containsExactly("nodejs", "node-typescript");
        assertThat(LanguageSet.of(Language.LUA).packages()).containsExactly("lua5.4");
    }
}
