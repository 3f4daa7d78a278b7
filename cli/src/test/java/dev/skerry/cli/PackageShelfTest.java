package dev.skerry.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.host.jobs.Language;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file {@code index} of a folder of packages, and the archives beside it. */
class PackageShelfTest {
    private static final String FIRST = "1".repeat(64);
    private static final String SECOND = "2".repeat(64);

    @TempDir
    private Path folder;

    private void place(String name, String sha256, Map<Language, String> versions) throws IOException {
        try (PackageShelf shelf = PackageShelf.open(folder)) {
            Files.writeString(shelf.draft(), sha256);
            var _ = shelf.place(name, sha256, versions);
        }
    }

    private List<String> index() throws IOException {
        return Files.readAllLines(folder.resolve("index"));
    }

    private List<String> archives() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".tar"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void languagesOfOneArchiveHaveALineEach() throws IOException {
        Map<Language, String> both = new LinkedHashMap<>();
        both.put(Language.C, "12.2.0");
        both.put(Language.CPP, "12.2.1");
        place("c", FIRST, both);
        String archive = "c-12.2.0-111111111111.tar";
        assertThat(index())
                .containsExactly(
                        "# language,version,sha256,archive",
                        "c,12.2.0," + FIRST + "," + archive,
                        "c++,12.2.1," + FIRST + "," + archive);
        assertThat(folder.resolve(archive)).hasContent(FIRST);
        assertThat(folder.resolve(".making")).doesNotExist();
    }

    @Test
    void whatTheOperatorWroteStays() throws IOException {
        String own = "lua,5.1.5," + SECOND + ",lua-old.tar";
        Files.writeString(folder.resolve("index"), "# ours\n\n" + own + "\nnonsense\n");
        Files.writeString(folder.resolve("lua-old.tar"), "old");
        place("lua", FIRST, Map.of(Language.LUA, "5.4.4"));
        assertThat(index())
                .containsExactly("# ours", "", own, "nonsense", "lua,5.4.4," + FIRST + ",lua-5.4.4-111111111111.tar");
        assertThat(archives()).containsExactly("lua-5.4.4-111111111111.tar", "lua-old.tar");
    }

    @Test
    void theSameVersionIsReplacedAndItsArchiveGoesWhenNobodyNamesIt() throws IOException {
        place("lua", FIRST, Map.of(Language.LUA, "5.4.4"));
        place("lua", SECOND, Map.of(Language.LUA, "5.4.4"));
        assertThat(index()).hasSize(2).last().isEqualTo("lua,5.4.4," + SECOND + ",lua-5.4.4-222222222222.tar");
        assertThat(archives()).containsExactly("lua-5.4.4-222222222222.tar");
        place("lua", SECOND, Map.of(Language.LUA, "5.4.4"));
        assertThat(archives()).as("the same once more").containsExactly("lua-5.4.4-222222222222.tar");
        Files.writeString(
                folder.resolve("index"),
                "perl,5.36.0," + SECOND + ",lua-5.4.4-222222222222.tar\n",
                StandardOpenOption.APPEND);
        place("lua", FIRST, Map.of(Language.LUA, "5.4.4"));
        assertThat(archives()).as("one that another line names").hasSize(2);
    }

    @Test
    void aFolderThatIsNotThereIsSaidToBeSo() {
        assertThatThrownBy(() -> PackageShelf.open(folder.resolve("none"))).isInstanceOfSatisfying(Failure.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
            assertThat(e).hasMessageContaining("there is no folder '" + folder.resolve("none") + "'");
            assertThat(e.hint()).hasValueSatisfying(hint -> assertThat(hint).startsWith("mkdir -p "));
        });
    }

    @Test
    void oneAtATimeWorksInAFolder() {
        try (PackageShelf _ = PackageShelf.open(folder)) {
            assertThatThrownBy(() -> PackageShelf.open(folder))
                    .isInstanceOfSatisfying(
                            Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT));
        }
        PackageShelf.open(folder).close();
    }
}
