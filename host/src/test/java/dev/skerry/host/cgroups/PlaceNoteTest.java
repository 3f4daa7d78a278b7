package dev.skerry.host.cgroups;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes of one instance that were started in different groups. */
class PlaceNoteTest {
    @TempDir
    Path top;

    private CgroupLayout.V2 service;
    private CgroupLayout.V2 session;

    @BeforeEach
    void tree() throws IOException {
        Path slice = Files.createDirectories(top.resolve("tree/system.slice"));
        service = new CgroupLayout.V2(slice.getParent(), slice, false, "the service's");
        session = new CgroupLayout.V2(slice.getParent(), slice.getParent(), true, "the session's");
    }

    private CgroupLayout kept(CgroupLayout detected) {
        return detected.keptIn(top.resolve("note"));
    }

    @Test
    void whatTheFirstProcessChoseIsKept() throws IOException {
        assertThat(kept(service)).isEqualTo(service);
        var followed = (CgroupLayout.V2) kept(session);
        assertThat(followed.parent()).isEqualTo(service.parent());
        assertThat(followed.mount()).isEqualTo(service.mount());
        assertThat(followed.vacate()).as("others live there").isFalse();
        assertThat(kept(service)).isEqualTo(service);
        try (Stream<Path> files = Files.list(top)) {
            assertThat(files).containsExactlyInAnyOrder(top.resolve("note"), top.resolve("tree"));
        }
    }

    @Test
    void aPlaceThatIsGoneIsChosenAgain() throws IOException {
        kept(service);
        Files.delete(service.parent());
        assertThat(kept(session)).isEqualTo(session);
        Files.createDirectory(service.parent());
        assertThat(((CgroupLayout.V2) kept(service)).parent()).isEqualTo(session.parent());
    }

    @Test
    void aNoteThatNamesNoPlaceOfThisTreeIsReplaced() throws IOException {
        for (String text : new String[] {"", "/", "tree", top.toString()}) {
            Files.writeString(top.resolve("note"), text);
            assertThat(kept(session)).as("'" + text + "'").isEqualTo(session);
            assertThat(top.resolve("note")).hasContent(session.parent().toString());
        }
    }

    @Test
    void onV1ThereIsNothingToChoose() {
        var v1 = new CgroupLayout.V1(Map.of("memory", top), Optional.empty());
        assertThat(kept(v1)).isEqualTo(v1);
        assertThat(top.resolve("note")).doesNotExist();
    }
}
