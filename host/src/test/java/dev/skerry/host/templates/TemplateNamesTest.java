package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One image under several names, and what an import leaves that is killed. */
class TemplateNamesTest {
    @TempDir
    private Path folder;

    private TemplateStore store;
    private Path image;

    @BeforeEach
    void open() throws IOException {
        store = TemplateStore.open(folder.resolve("data"));
        image = LayoutOnDisk.of(folder.resolve("image"), "hello", "hi");
    }

    private Template imported(String name) {
        return store.importOci(image, Optional.of(name), ImportLimits.DEFAULT);
    }

    private List<String> names() {
        return store.named().stream().map(Template::name).sorted().toList();
    }

    @Test
    void anImageMayHaveTwoNamesAndGoesWithTheLast() {
        String digest = imported("gcc").digest();
        assertThat(imported("packages/c/14.2.0").digest()).isEqualTo(digest);
        assertThat(names()).containsExactly("gcc", "packages/c/14.2.0");
        assertThat(store.shown()).extracting(Template::name).containsExactlyInAnyOrder("gcc", "packages/c/14.2.0");
        for (String name : names()) {
            assertThat(store.find(name).name()).isEqualTo(name);
            assertThat(store.isCurrent(store.find(name))).isTrue();
        }
        store.remove("gcc");
        assertThat(names()).containsExactly("packages/c/14.2.0");
        assertThat(store.find("packages/c/14.2.0").resolve("/hello")).hasValueSatisfying(Files::exists);
        store.remove("packages/c/14.2.0");
        assertThat(store.list()).isEmpty();
        assertThatThrownBy(() -> store.find(digest))
                .isInstanceOfSatisfying(Failure.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
    }

    @Test
    void whatWasImportedToBeLookedAtGoesUnlessItHasAName() {
        String digest =
                store.importOci(image, Optional.empty(), ImportLimits.DEFAULT).digest();
        imported("gcc");
        store.removeUnlessNamed(digest);
        assertThat(names()).containsExactly("gcc");
        store.remove("gcc");
        assertThat(store.importOci(image, Optional.empty(), ImportLimits.DEFAULT)
                        .digest())
                .isEqualTo(digest);
        store.removeUnlessNamed(digest);
        assertThat(store.list()).isEmpty();
    }

    @Test
    void whatAKilledImportLeavesIsNotListedAndGoesWithTheNextOne() throws Exception {
        // As after kill -9 between storing a template and giving it its name.
        Template left = store.importOci(image, Optional.empty(), ImportLimits.DEFAULT);
        String hex = left.digest().substring(TemplateIndex.DIGEST_PREFIX.length());
        Path mark = folder.resolve("data/templates/" + hex + ".unnamed");
        assertThat(store.shown()).extracting(Template::digest).containsExactly(left.digest());
        Files.createFile(mark);
        assertThat(store.list()).isEmpty();
        Path other = LayoutOnDisk.of(folder.resolve("other"), "other", "ho");
        store.importOci(other, Optional.of("other"), ImportLimits.DEFAULT);
        assertThat(names()).containsExactly("other");
        try (var files = Files.list(folder.resolve("data/templates"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .noneMatch(name -> name.contains(hex) || name.endsWith(".unnamed"));
        }
        assertThat(left.lowerLayers().getLast()).doesNotExist();
        assertThat(imported("again").digest()).isEqualTo(left.digest());
    }

    @Test
    void oneThatWasNamedBeforeTheKillStays() throws Exception {
        Template named = imported("lua");
        String hex = named.digest().substring(TemplateIndex.DIGEST_PREFIX.length());
        Path mark = Files.createFile(folder.resolve("data/templates/" + hex + ".unnamed"));
        assertThat(store.list()).hasSize(1);
        Path other = LayoutOnDisk.of(folder.resolve("other"), "other", "ho");
        store.importOci(other, Optional.of("other"), ImportLimits.DEFAULT);
        assertThat(names()).containsExactly("lua", "other");
        assertThat(mark).doesNotExist();
    }
}
