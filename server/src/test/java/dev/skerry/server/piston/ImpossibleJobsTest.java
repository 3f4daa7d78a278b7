package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What no job can have is refused before it waits for its turn. */
class ImpossibleJobsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'files':[{'content':'a','name':'x'},{'content':'b','name':'./x'}] | two files called 'x'",
                "'files':[{'content':'a','name':'x'},{'content':'b','name':'x/y'}] | 'x' is a file and a folder",
                "'files':[{'content':'a','name':'.build/x'}] | the folder '.build' is the compiler's",
                "'files':[{'content':'a','name':'\\ud800'}] | the file name '?' is not text",
                "'files':[{'content':'a'}],'args':['\\ud800'] | '?' contains half a character",
            })
    void isRefused(String fields, String message, @TempDir Path folder) throws Exception {
        try (PistonServer server = new PistonServer(folder)) {
            server.execute("{\"language\":\"python\",\"version\":\"*\"," + fields.replace('\'', '"') + "}")
                    .says(400, message);
            assertThat(server.jobs.submitted).isEmpty();
        }
    }
}
