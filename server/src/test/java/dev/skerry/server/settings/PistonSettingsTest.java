package dev.skerry.server.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.settings.PistonSettings.Defaults;
import dev.skerry.server.settings.PistonSettings.Overrides;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The table {@code [piston]}. */
class PistonSettingsTest {
    private static PistonSettings read(String... lines) {
        return SettingsFile.parse("[piston]\n" + String.join("\n", lines), "the file")
                .piston();
    }

    @Test
    void standardsArePistonsButForTheOutput() {
        PistonSettings standard = read();
        assertThat(standard).isEqualTo(PistonSettings.DEFAULT);
        assertThat(standard.listen()).isEmpty();
        assertThat(standard.anonymous()).isFalse();
        assertThat(standard.limit("python", PistonLimit.OUTPUT_MAX_SIZE)).isEqualTo(65_536);
        assertThat(read("defaults = \"strict\"").limit("python", PistonLimit.OUTPUT_MAX_SIZE))
                .isEqualTo(1024);
    }

    @Test
    void everyKeyIsRead() {
        PistonSettings all = read(
                "listen = \"127.0.0.1:2000\"",
                "anonymous = true",
                "anonymous-isolation = \"container\"",
                "run-timeout = \"5s\"",
                "run-memory-limit = \"256m\"",
                "compile-memory-limit = \"none\"",
                "max-process-count = 32",
                "body-max = \"1m\"",
                "sockets-max = 9",
                "socket-output-max = \"2m\"");
        assertThat(all.listen()).contains(new Address("127.0.0.1", 2000));
        assertThat(all.anonymous()).isTrue();
        assertThat(all.anonymousIsolation()).isEqualTo(Isolation.CONTAINER);
        assertThat(all.limit("x", PistonLimit.RUN_TIMEOUT)).isEqualTo(5000);
        assertThat(all.limit("x", PistonLimit.RUN_MEMORY_LIMIT)).isEqualTo(256L << 20);
        assertThat(all.limit("x", PistonLimit.COMPILE_MEMORY_LIMIT)).isEqualTo(-1);
        assertThat(all.limit("x", PistonLimit.MAX_PROCESS_COUNT)).isEqualTo(32);
        assertThat(all.bodyBytesMax()).isEqualTo(1 << 20);
        assertThat(all.socketsMax()).isEqualTo(9);
        assertThat(all.socketOutputBytes()).isEqualTo(2 << 20);
    }

    @Test
    void whatIsSaidOfALanguageComesFirstThenItsPackageThenTheRest() {
        String java = "\"java\":{\"run_timeout\":9000,\"run_memory_limit\":-1}";
        String zig = "\"zig\":{\"compile_timeout\":1}";
        PistonSettings settings = read("max-process-count = 20", "limit-overrides = '{" + java + "," + zig + "}'");
        assertThat(settings.limit("java", PistonLimit.RUN_TIMEOUT)).isEqualTo(9000);
        assertThat(settings.limit("python", PistonLimit.RUN_TIMEOUT)).isEqualTo(3000);
        assertThat(settings.limit("csharp", PistonLimit.MAX_PROCESS_COUNT)).isEqualTo(128);
        assertThat(settings.limit("java", PistonLimit.MAX_PROCESS_COUNT)).isEqualTo(20);
        assertThat(settings.limit("zig", PistonLimit.COMPILE_TIMEOUT)).isEqualTo(1);
        assertThat(settings.limit("zig", PistonLimit.COMPILE_CPU_TIME)).isEqualTo(15_000);
        assertThat(PistonSettings.overrides(settings.overridesText())).isEqualTo(settings.overrides());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "anonymous = 1 | 'piston.anonymous' must be true or false",
                "anonymous-isolation = \"none\" | 'piston.anonymous-isolation': 'none' is not an isolation level",
                "defaults = \"loose\" | 'piston.defaults': there are no defaults 'loose'; use skerry, or strict",
                "run-timeout = \"0\" | 'piston.run-timeout': '0' is not a time above zero",
                "max-process-count = \"64\" | 'piston.max-process-count' must be a whole number",
                "limit-overrides = '{' | 'piston.limit-overrides': it is not JSON",
                "limit-overrides = '{\"c\":1}' | of 'c' it has no object",
                "limit-overrides = '{\"c\":{\"speed\":1}}' | there is no limit 'speed'",
                "limit-overrides = '{\"c\":{\"run_timeout\":\"1\"}}' | 'run_timeout' of 'c' is not a whole number",
                "body-max = \"1\" | it must be from 1 KiB to 64 MiB",
                "run-time = \"1s\" | the nearest one is 'piston.run-timeout'",
            })
    void whatIsWrongIsSaid(String line, String message) {
        assertThatThrownBy(() -> read(line)).isInstanceOf(Failure.class).hasMessageContaining(message);
    }

    @Test
    void theCommandLineComesFirstAndWhatWasSetStays() {
        PistonSettings file = read("max-open-files = 10", "anonymous = true");
        PistonSettings both = file.with(new Overrides(
                Optional.of(new Address("::1", 1)),
                false,
                Optional.of(Isolation.MICROVM),
                Optional.of(Defaults.STRICT)));
        assertThat(both.listen()).contains(new Address("::1", 1));
        assertThat(both.anonymous()).isTrue();
        assertThat(both.anonymousIsolation()).isEqualTo(Isolation.MICROVM);
        assertThat(both.limit("x", PistonLimit.OUTPUT_MAX_SIZE)).isEqualTo(1024);
        assertThat(both.limit("x", PistonLimit.MAX_OPEN_FILES)).isEqualTo(10);
    }
}
