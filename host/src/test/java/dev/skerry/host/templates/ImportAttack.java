package dev.skerry.host.templates;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** An import of hostile images: a refused one must leave nothing; none may touch anything outside its tree. */
abstract class ImportAttack {
    @TempDir
    Path temporary;

    Path victim;
    Path data;
    TemplateStore store;

    @BeforeEach
    void prepare() throws IOException {
        victim = Files.createDirectory(temporary.resolve("victim"));
        Files.writeString(victim.resolve("secret"), "untouched");
        data = temporary.resolve("data");
        store = TemplateStore.open(data);
    }

    @AfterEach
    void nothingOutsideWasTouched() throws IOException {
        assertThat(Files.readString(victim.resolve("secret"))).isEqualTo("untouched");
        assertThat((int) Files.getAttribute(victim.resolve("secret"), "unix:nlink"))
                .isEqualTo(1);
        try (var files = Files.list(victim)) {
            assertThat(files).hasSize(1);
        }
    }

    Failure refused(byte[] tar) throws IOException {
        return refused(layout().gzip(tar), ImportLimits.DEFAULT);
    }

    LayoutOnDisk layout() throws IOException {
        return new LayoutOnDisk(Files.createTempDirectory(temporary, "layout"));
    }

    Failure refused(LayoutOnDisk layout, ImportLimits limits) throws IOException {
        Path image = layout.build();
        var failure = catchThrowableOfType(Failure.class, () -> store.importOci(image, Optional.of("evil"), limits));
        assertThat(failure).isNotNull();
        assertThat(left())
                .as("left in the store after: " + failure.getMessage())
                .isEmpty();
        assertThat(store.list()).isEmpty();
        return failure;
    }

    /** Everything in the store but its locks. */
    Set<String> left() throws IOException {
        var found = new TreeSet<String>();
        try (var files = Files.walk(data)) {
            files.map(file -> data.relativize(file).toString()).forEach(found::add);
        }
        found.removeIf(name -> name.contains("/.locks") || name.endsWith(".lock"));
        found.removeAll(List.of("", "layers", "layers/.tmp", "templates"));
        return found;
    }

    Path imported(byte[] tar) throws IOException {
        Path image = layout().plain(tar).build();
        return store.importOci(image, Optional.empty(), ImportLimits.DEFAULT)
                .lowerLayers()
                .getLast();
    }
}
