package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RecipeTest {
    private static Recipe recipe(Language language, String code, String... names) {
        List<JobFile> files = Stream.of(names)
                .map(name -> new JobFile(name, code.getBytes(StandardCharsets.UTF_8)))
                .toList();
        return Recipe.of(language, language.toolchains().getFirst(), files);
    }

    private static List<String> names(Recipe recipe) {
        return recipe.files().stream().map(JobFile::name).toList();
    }

    @Test
    void anInterpreterGetsTheFileAsItIsCalled() {
        Recipe recipe = recipe(Language.PYTHON, "", "file0.code", "lib.py");

        assertThat(names(recipe)).containsExactlyInAnyOrder("file0.code", "lib.py");
        assertThat(recipe.compile()).isEmpty();
        assertThat(recipe.folders()).isEmpty();
        assertThat(recipe.run()).containsExactly("/usr/bin/python3", "/box/file0.code");
    }

    @Test
    void aCompilerThatGoesByExtensionsGetsOneAndAllSourcesOfTheLanguage() {
        Recipe recipe = recipe(Language.C, "", "sub/file0.code", "b.c", "b.h");

        assertThat(names(recipe)).containsExactlyInAnyOrder("sub/file0.code.c", "b.c", "b.h");
        assertThat(recipe.compile())
                .containsSubsequence("-o", "/box/.build/main", "/box/sub/file0.code.c", "/box/b.c", "-lm");
        assertThat(recipe.folders()).containsExactly(".build");
        assertThat(recipe.run()).containsExactly("/box/.build/main");
    }

    @Test
    void whatAMainFileIsCalledThenReplacesAnotherOfThatName() {
        Recipe recipe = recipe(Language.C, "", "x", "x.c", "y.c");

        assertThat(names(recipe)).containsExactly("x.c", "y.c");
        assertThat(recipe.compile()).containsOnlyOnce("/box/x.c");
    }

    @Test
    void aMainFileThatWouldBeCalledWhatNoFileCanBeIsRefused() {
        for (String[] names : List.of(new String[] {"x", "x.c/y"}, new String[] {"x".repeat(254)})) {
            assertThatThrownBy(() -> recipe(Language.C, "", names))
                    .isInstanceOfSatisfying(
                            Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
        }
    }

    @Test
    void aJavaFileIsCalledLikeItsClassAndStartsTheOneWithMain() {
        String code = "package a; public class Shown {} class Start { public static void main(String[] a) {} }";
        Recipe recipe = recipe(Language.JAVA, code, "file0.code");

        assertThat(names(recipe)).containsExactly("Shown.java");
        assertThat(recipe.run()).endsWith("-cp", "/box/.build", "a.Start");
    }
}
