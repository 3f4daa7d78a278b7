package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/COMPATIBILITY.md says is shown by scenarios that exist. */
class CompatibilityTest {
    private static final Path PAGE = ShippedServer.ROOT.resolve("docs/COMPATIBILITY.md");
    /** As {@code files/write-text}, {@code files_sync/write-text}. */
    private static final Pattern NAMED = Pattern.compile("`([a-z_]+/[a-z0-9-]+)`");

    private static final Pattern WRITTEN = Pattern.compile("scenario\\(\\s*['\"]([a-z0-9-]+)['\"]");

    @Test
    void everyScenarioThatThePageNamesExists() throws IOException {
        Set<String> written = scenarios();
        assertThat(written).hasSizeGreaterThan(150);
        List<String> gone = new ArrayList<>();
        Matcher matcher = NAMED.matcher(Files.readString(PAGE));
        int named = 0;
        while (matcher.find()) {
            named++;
            if (!written.contains(matcher.group(1))) {
                gone.add(matcher.group(1));
            }
        }
        assertThat(gone).isEmpty();
        assertThat(named).isGreaterThan(100);
    }

    @Test
    void noScenarioIsWrittenTwice() throws IOException {
        Set<String> seen = new TreeSet<>();
        List<String> twice = new ArrayList<>();
        for (Path program : Suite.programs()) {
            for (String name : scenariosOf(program)) {
                if (!seen.add(name)) {
                    twice.add(name);
                }
            }
        }
        assertThat(twice).isEmpty();
    }

    private static Set<String> scenarios() throws IOException {
        Set<String> all = new TreeSet<>();
        for (Path program : Suite.programs()) {
            all.addAll(scenariosOf(program));
        }
        return all;
    }

    /** A file is a topic: its name without the ending is the first half of its scenarios' names. */
    private static List<String> scenariosOf(Path program) throws IOException {
        String topic = program.getFileName().toString().replaceFirst("\\.[a-z]+$", "");
        List<String> names = new ArrayList<>();
        Matcher matcher = WRITTEN.matcher(Files.readString(program));
        while (matcher.find()) {
            names.add(topic + "/" + matcher.group(1));
        }
        return names;
    }
}
