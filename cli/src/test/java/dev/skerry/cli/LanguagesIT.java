package dev.skerry.cli;

import static dev.skerry.cli.Shipped.skerry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.cli.Shipped.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code ./skerry run} in every language; {@link RunIT} has the rest of it. */
@ExtendWith(NoSandboxLeft.class)
class LanguagesIT {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    Path folder;

    private String file(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content).toString();
    }

    private static JsonNode json(Result result) {
        return JsonMapper.shared().readTree(result.out());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "a.py|import sys; print('got', sys.argv[1])",
                "a.js|console.log('got', process.argv[2])",
                "a.ts|const word: string = 'x y'; console.log('got', word)",
                "a.sh|echo got \"$1\"",
                "a.c|#include <stdio.h>¶int main(int c, char **v) { printf(\"got %s\\n\", v[1]); return 0; }",
                "a.cpp|#include <iostream>¶int main(int c, char **v) { std::cout << \"got \" << v[1] << std::endl; }",
                "a.java|class Any { public static void main(String[] a) { System.out.println(\"got \" + a[0]); } }",
                "a.go|package main¶import (\"fmt\"; \"os\")¶func main() { fmt.Println(\"got\", os.Args[1]) }",
                "a.rs|fn main() { println!(\"got {}\", std::env::args().nth(1).unwrap()); }",
                "a.rb|puts \"got #{ARGV[0]}\"",
                "a.pl|print \"got $ARGV[0]\\n\";",
                "a.php|<?php echo \"got $argv[1]\\n\";",
                "a.lua|print('got ' .. arg[1])"
            })
    void everyLanguageRunsWithItsArguments(String name, String source) throws IOException {
        Result result = skerry("run", file(name, source.replace("¶", "\n")), "x y");
        assertThat(result.err()).isEmpty();
        assertThat(result.out()).isEqualTo("got x y\n");
        assertThat(result.code()).isZero();
    }

    @Test
    void aCompileErrorIsTheCompilersWords() throws IOException {
        String source = file("bad.c", "int main( {");
        Result result = skerry("run", source);
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("/box/bad.c:1").contains("error").contains("skerry: it does not compile");
        JsonNode json = json(skerry("run", "--json", source));
        assertThat(json.get("status").asString()).isEqualTo("compile_error");
        assertThat(json.get("compile").get("exit_code").asInt()).isEqualTo(1);
        assertThat(json.get("compile").get("stderr").asString()).contains("error");
        assertThat(json.has("exit_code")).isFalse();
    }
}
