package dev.skerry.cli;

import dev.skerry.host.jobs.JobResult;
import dev.skerry.wire.Failure;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/** The object that {@code skerry run --json} prints. Times are milliseconds, memory is bytes. */
final class ResultJson {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private ResultJson() {}

    static String of(JobResult result) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("status", result.status().label());
        result.run().ifPresent(run -> {
            run.exitCode().ifPresent(code -> object.put("exit_code", code));
            run.signal().ifPresent(signal -> object.put("signal", signal));
            run.sandboxEnd().ifPresent(end -> object.put("sandbox_end", Report.words(end)));
            addOutput(object, run);
            addTimes(object, run);
        });
        object.put("total_ms", result.total().toMillis());
        object.put("memory_peak_bytes", result.memoryPeakBytes());
        object.put("out_of_memory_kills", result.outOfMemoryKills());
        result.language().ifPresent(language -> object.put("language", language));
        object.put("runtime", result.runtime());
        result.compile().ifPresent(compile -> object.put("compile", stage(compile)));
        object.put("sandbox", result.place().sandbox());
        object.put("isolation", result.place().isolation().label());
        object.put("driver", result.place().driver());
        object.put("template", result.place().template());
        object.put("template_digest", result.place().templateDigest());
        return JSON.writeValueAsString(object);
    }

    static String of(Failure failure) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", failure.code().name());
        error.put("message", String.valueOf(failure.getMessage()));
        failure.hint().ifPresent(hint -> error.put("hint", hint));
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("status", "sandbox_error");
        object.put("error", error);
        return JSON.writeValueAsString(object);
    }

    static String of(Object value) {
        return JSON.writeValueAsString(value);
    }

    private static Map<String, Object> stage(JobResult.Stage stage) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("status", stage.status().label());
        stage.exitCode().ifPresent(code -> object.put("exit_code", code));
        stage.signal().ifPresent(signal -> object.put("signal", signal));
        stage.sandboxEnd().ifPresent(end -> object.put("sandbox_end", Report.words(end)));
        addOutput(object, stage);
        addTimes(object, stage);
        return object;
    }

    private static void addTimes(Map<String, Object> object, JobResult.Stage stage) {
        object.put("wall_ms", millis(stage.wall().toNanos()));
        object.put("cpu_ms", millis(stage.cpu().toNanos()));
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1000.0) / 1000.0;
    }

    private static void addOutput(Map<String, Object> object, JobResult.Stage stage) {
        addStream(object, "stdout", stage.stdout());
        addStream(object, "stderr", stage.stderr());
    }

    /** As text under its own name, or as {@code NAME_base64} when it is not UTF-8. */
    private static void addStream(Map<String, Object> object, String name, JobResult.Output output) {
        try {
            object.put(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(output.kept()))
                            .toString());
        } catch (CharacterCodingException e) {
            object.put(name + "_base64", Base64.getEncoder().encodeToString(output.kept()));
        }
        object.put(name + "_bytes", output.bytes());
        object.put(name + "_truncated", output.truncated());
    }
}
