package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.json.JsonMapper;

/** The version is in the archives of the shipped program only, not in its classes. */
@ExtendWith(SharedServer.class)
class VersionIT {
    private static final Pattern OWN = Pattern.compile("<artifactId>skerry</artifactId>\\s*<version>([^<]+)</version>");

    @Test
    void theDocumentOfTheApiHasTheVersionOfTheProgram(ShippedServer server) throws IOException {
        Matcher own = OWN.matcher(Files.readString(ShippedServer.ROOT.resolve("pom.xml")));
        assertThat(own.find()).isTrue();
        String document = server.call("GET", "/openapi.json", "").body();
        assertThat(JsonMapper.shared().readTree(document).at("/info/version").asString())
                .isEqualTo(own.group(1));
    }
}
