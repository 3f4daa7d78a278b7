package dev.skerry.host.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VersionsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Python 3.11.2 | 3.11.2",
                "v20.19.2 | 20.19.2",
                "12.2.0 | 12.2.0",
                "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu) | 5.2.15",
                "javac 25 | 25.0.0",
                "javac 17.0.16 | 17.0.16",
                "go version go1.19.8 linux/amd64 | 1.19.8",
                "rustc 1.63.0 | 1.63.0",
                "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-linux-gnu] | 3.1.2",
                "PHP 8.2.29 (cli) (built: Jul  3 2025 16:16:05) (NTS) | 8.2.29",
                "Lua 5.4.4  Copyright (C) 1994-2022 Lua.org, PUC-Rio | 5.4.4",
                "Version 4.8.4 | 4.8.4",
                "Mono C# compiler version 6.8.0.105 | 6.8.0",
                "info: kotlinc-jvm 1.3.31 (JRE 17.0.16+8) | 1.3.31",
                "Debian clang version 14.0 | 14.0.0"
            })
    void whatToolsPrintIsRead(String printed, String version) {
        assertThat(Versions.in(printed)).contains(version);
    }

    @Test
    void whatHasNoNumberHasNoVersion() {
        assertThat(Versions.in("command not found")).isEmpty();
    }

    @Test
    void newerOnesComeFirst() {
        assertThat(Stream.of("3.9.10", "3.11.2", "20.0.0", "3.11.10").sorted(Versions.NEWEST_FIRST))
                .containsExactly("20.0.0", "3.11.10", "3.11.2", "3.9.10");
    }

    @Test
    void versionsAreKeptByDigestAndThoseOfAnotherTableAreNot(@TempDir Path folder) throws Exception {
        var file = new VersionFile(folder);
        var versions = List.of(new VersionFile.Version(Language.C, 1, "14.0.0"));
        file.write("sha256:12", versions);

        assertThat(new VersionFile(folder).read("sha256:12")).contains(versions);
        assertThat(file.read("sha256:34")).isEmpty();
        Path kept = folder.resolve("12");
        Files.writeString(kept, Files.readString(kept).replaceFirst("toolchains ", "toolchains 0"));
        assertThat(file.read("sha256:12")).isEmpty();
        file.write("sha256:12", versions);
        Files.writeString(kept, Files.readString(kept).replace("C 1", "C 99"));
        assertThat(file.read("sha256:12")).isEmpty();
    }
}
