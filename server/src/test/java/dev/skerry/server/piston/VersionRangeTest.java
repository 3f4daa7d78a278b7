package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each line: a range, versions that are meant, versions that are not. */
class VersionRangeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '"',
            value = {
                "*; 0.0.1 3.11.2 99.0.0; 3.0.0-rc.1",
                "x; 3.11.2; 3.0.0-rc.1",
                "\" \"; 3.11.2; 3.0.0-rc.1",
                "3; 3.0.0 3.11.2; 2.9.9 4.0.0",
                "3.x; 3.0.0 3.11.2; 4.0.0",
                "3.X.x; 3.11.2; 4.0.0",
                "3.11; 3.11.0 3.11.9; 3.10.9 3.12.0",
                "3.11.*; 3.11.0 3.11.9; 3.12.0",
                "3.11.2; 3.11.2; 3.11.1 3.11.3",
                "=3.11.2; 3.11.2; 3.11.3",
                "v3.11.2; 3.11.2; 3.11.3",
                "3.11.2+build; 3.11.2; 3.11.3",
                "^3.10; 3.10.0 3.11.2; 3.9.9 4.0.0",
                "^3.10.4; 3.10.4 3.11.0; 3.10.3 4.0.0",
                "^0.2.3; 0.2.3 0.2.9; 0.3.0 0.2.2",
                "^0.0.3; 0.0.3; 0.0.4",
                "^0.0; 0.0.0 0.0.9; 0.1.0",
                "^0.x; 0.0.0 0.9.0; 1.0.0",
                "^0; 0.0.0 0.9.0; 1.0.0",
                "^1.x; 1.0.0 1.9.9; 2.0.0",
                "~3.11.2; 3.11.2 3.11.9; 3.11.1 3.12.0",
                "~3.11; 3.11.0 3.11.9; 3.12.0",
                "~3; 3.0.0 3.99.0; 4.0.0",
                "~>3.11; 3.11.5; 3.12.0",
                ">=3 <4; 3.0.0 3.99.9; 2.9.9 4.0.0",
                ">= 3   < 4; 3.0.0 3.99.9; 4.0.0",
                ">3; 4.0.0; 3.0.0 3.99.9",
                ">3.11; 3.12.0; 3.11.0 3.11.9",
                ">3.11.2; 3.11.3; 3.11.2",
                ">=3.11; 3.11.0 4.0.0; 3.10.9",
                "<3.11; 3.10.9; 3.11.0",
                "<=3.11; 3.11.9; 3.12.0",
                "<=3.11.2; 3.11.2; 3.11.3",
                "<=3; 3.99.0; 4.0.0",
                ">=*; 1.0.0; 1.0.0-a",
                ">*; ; 1.0.0 0.0.0",
                "<*; ; 1.0.0 0.0.0",
                "3.9 - 3.11; 3.9.0 3.11.9; 3.8.9 3.12.0",
                "3.9.1 - 3.11.2; 3.9.1 3.11.2; 3.9.0 3.11.3",
                "3.9 - *; 3.9.0 99.0.0; 3.8.0",
                "2 || 3.11; 2.7.0 3.11.1; 3.12.0",
                "2 ||; 2.7.0 5.0.0; 2.7.0-a",
                "3.0.0-rc.1; 3.0.0-rc.1; 3.0.0 3.0.0-rc.2",
                ">=3.0.0-rc.1; 3.0.0-rc.1 3.0.0-rc.2 3.0.0; 3.0.1-rc.1 3.0.0-alpha",
                "^3.0.0-rc.2; 3.0.0-rc.10 3.1.0; 3.0.0-rc.1 4.0.0-0",
            })
    void aRangeMeansWhatNpmTakesItFor(String range, String fits, String others) {
        VersionRange parsed = VersionRange.parse(range).orElseThrow();
        assertThat(versions(fits)).allMatch(parsed::has);
        assertThat(versions(others)).noneMatch(parsed::has);
    }

    private static List<Version> versions(String text) {
        return Stream.ofNullable(text)
                .flatMap(words -> Stream.of(words.split(" ", -1)))
                .filter(word -> !word.isEmpty())
                .map(word -> Version.parse(word).orElseThrow())
                .toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "latest",
                "3.",
                "3..1",
                "03.1",
                "3.11.2.1",
                "not a version",
                "3 - ",
                ">=<3",
                "3.11.2-",
                "^",
                "!3",
                "3;rm",
                "99999999999999999999",
            })
    void whatIsNoRangeIsNone(String text) {
        assertThat(VersionRange.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "1.0.0-alpha, 1.0.0-alpha.1",
        "1.0.0-alpha.1, 1.0.0-alpha.beta",
        "1.0.0-beta.2, 1.0.0-beta.11",
        "1.0.0-rc.1, 1.0.0",
        "1.9.0, 1.10.0",
        "1.0.9, 1.1.0",
        "9.0.0, 10.0.0",
    })
    void versionsHaveTheOrderOfTheirSpecification(String less, String more) {
        assertThat(Version.parse(less).orElseThrow())
                .isLessThan(Version.parse(more).orElseThrow());
        assertThat(Version.parse(more).orElseThrow())
                .isGreaterThan(Version.parse(less).orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "1.2", "1.2.x", "01.2.3", "1.2.3-", "a.b.c"})
    void whatIsNoVersionIsNone(String text) {
        assertThat(Version.parse(text)).isEmpty();
    }
}
