package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.Failure;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LanguageTest {
    @ParameterizedTest
    @CsvSource({
        "a.py, PYTHON",
        "a.b.js, JAVASCRIPT",
        "A.TS, TYPESCRIPT",
        "x.sh, BASH",
        "x.c, C",
        "x.cc, CPP",
        "x.cpp, CPP",
        "Main.java, JAVA",
        "m.go, GO",
        "m.rs, RUST",
        "m.rb, RUBY",
        "m.pl, PERL",
        "m.php, PHP",
        "m.lua, LUA",
        "m.mjs, JAVASCRIPT"
    })
    void anExtensionNamesALanguage(String file, Language language) {
        assertThat(Language.ofFile(file)).contains(language);
    }

    @Test
    void otherFilesHaveNone() {
        assertThat(Stream.of("python", "a.", "a.txt", "", ".py.bak").flatMap(name -> Language.ofFile(name).stream()))
                .isEmpty();
    }

    @Test
    void namesAndAliasesAreKnownInAnyCase() {
        assertThat(Language.named("Python")).isEqualTo(Language.PYTHON);
        assertThat(Language.named("c++")).isEqualTo(Language.CPP);
        assertThat(Language.named("ts")).isEqualTo(Language.TYPESCRIPT);
        assertThatThrownBy(() -> Language.named("cobol"))
                .isInstanceOfSatisfying(
                        Failure.class, e -> assertThat(e.hint().orElse("")).contains("python", "lua"));
    }

    @ParameterizedTest
    @EnumSource
    void everyLanguageIsFoundByItsOwnLabelAndFile(Language language) {
        assertThat(Language.named(language.label())).isEqualTo(language);
        assertThat(Language.ofFile(language.fileName())).contains(language);
        assertThat(language.packages()).isNotBlank();
    }

    @ParameterizedTest
    @EnumSource
    void everyToolchainStartsAnAbsoluteProgramWithoutAShell(Language language) {
        for (Toolchain toolchain : language.toolchains()) {
            assertThat(toolchain.programs()).isNotEmpty().allMatch(path -> path.startsWith("/"));
            assertThat(toolchain.run().getFirst()).matches("/.*|\\{out}/main");
            assertThat(toolchain.run()).doesNotContain("-c");
            assertThat(Stream.concat(toolchain.compile().stream(), toolchain.run().stream())
                            .filter(word -> word.equals(Toolchain.SOURCE)))
                    .as("the source is named once")
                    .hasSize(1);
        }
    }
}
