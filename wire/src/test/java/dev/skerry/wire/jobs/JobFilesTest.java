package dev.skerry.wire.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class JobFilesTest {
    private static JobFile file(String name) {
        return new JobFile(name, new byte[0]);
    }

    private static List<String> checked(String... names) {
        return JobFiles.checked(Stream.of(names).map(JobFilesTest::file).toList()).stream()
                .map(JobFile::name)
                .toList();
    }

    @Test
    void namesThatStayInsideAreKeptWithoutEmptyParts() {
        assertThat(checked("main.py", "a/b.txt", "./c//d", "ü ö", ".hidden", "a/b..c"))
                .containsExactly("main.py", "a/b.txt", "c/d", "ü ö", ".hidden", "a/b..c");
    }

    static List<List<String>> refused() {
        return List.of(
                List.of("../x"),
                List.of("a/../../x"),
                List.of("a/.."),
                List.of("/etc/passwd"),
                List.of(""),
                List.of("."),
                List.of("a/"),
                List.of("a\0b"),
                List.of("\uD800"),
                List.of("x".repeat(256)),
                List.of("ü".repeat(128)),
                List.of("a/".repeat(JobFiles.DEPTH_MAX) + "x"),
                List.of("x".repeat(200) + "/" + ("y".repeat(200) + "/").repeat(5) + "z"),
                List.of(".build/main"),
                List.of("a", "a"),
                List.of("a", "./a"),
                List.of("a", "a/b"),
                List.of("a/b/c", "a/b"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void whatLeadsOutsideOrContradictsItselfIsRefused(List<String> names) {
        isRefused(names.stream().map(JobFilesTest::file).toList());
    }

    @Test
    void thereIsABoundOnTheirNumberAndBytes() {
        isRefused(List.of());
        isRefused(IntStream.range(0, 10_000).mapToObj(i -> file("f" + i)).toList());
        byte[] large = new byte[1 << 20];
        isRefused(IntStream.range(0, (int) (JobFiles.BYTES_MAX >> 20) + 1)
                .mapToObj(i -> new JobFile("f" + i, large))
                .toList());
        assertThat(JobFiles.checked(Collections.nCopies(1, file("f")))).hasSize(1);
    }

    private static void isRefused(List<JobFile> files) {
        assertThatThrownBy(() -> JobFiles.checked(files)).isInstanceOfSatisfying(Failure.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(e.getMessage()).hasSizeLessThan(200).doesNotContain("\0");
        });
    }
}
