package dev.skerry.server.jobs;

import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.StageOutcome;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What became of a job, as JSON. Of what all its stages wrote 4 MiB are in it at most, the first ones first; what is
 * not UTF-8 is there twice: with U+FFFD, and whole, in base64.
 */
public final class JudgementText {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int OUTPUT_BYTES = 4 << 20;

    private int left = OUTPUT_BYTES;

    private JudgementText() {}

    public static ObjectNode of(Judgement judgement) {
        return new JudgementText().write(judgement);
    }

    /** Of a job that could not be run. */
    public static ObjectNode of(Verdict verdict, ErrorCode code, String message, Optional<String> hint) {
        ObjectNode node = JSON.createObjectNode();
        node.put("verdict", verdict.label());
        node.put("passed", 0);
        node.putArray("cases");
        node.put("error", code.name());
        node.put("message", hint.map(text -> message + "; " + text).orElse(message));
        return node;
    }

    static ObjectNode of(Failure failure) {
        return of(Verdict.INTERNAL_ERROR, failure.code(), String.valueOf(failure.getMessage()), failure.hint());
    }

    private ObjectNode write(Judgement judgement) {
        ObjectNode node = JSON.createObjectNode();
        node.put("verdict", judgement.verdict().label());
        node.put("passed", judgement.passed());
        judgement.compile().ifPresent(stage -> node.set("compile", stage(stage)));
        ArrayNode cases = node.putArray("cases");
        for (Judgement.Case one : judgement.cases()) {
            ObjectNode each = cases.addObject();
            each.put("verdict", one.verdict().label());
            one.run().ifPresent(stage -> each.set("run", stage(stage)));
            one.interactor().ifPresent(stage -> each.set("interactor", stage(stage)));
        }
        node.set("trust", trust(judgement.trust(), judgement.place()));
        judgement.place().ifPresent(place -> node.set("place", place(place)));
        node.put("waitedMillis", judgement.waited().toMillis());
        node.put("totalMillis", judgement.total().toMillis());
        if (!judgement.message().isEmpty()) {
            node.put("message", judgement.message());
        }
        return node;
    }

    private static ObjectNode trust(TrustPolicy.Decision decision, Optional<JobPlace> place) {
        ObjectNode node = JSON.createObjectNode();
        node.put("rule", decision.rule());
        node.put("floor", decision.floor().label());
        place.ifPresent(where -> node.put("achieved", where.isolation().label()));
        return node;
    }

    private static ObjectNode place(JobPlace place) {
        ObjectNode node = JSON.createObjectNode();
        node.put("sandbox", place.sandbox());
        node.put("driver", place.driver());
        node.put("template", place.template());
        node.put("templateDigest", place.templateDigest());
        node.put("warmth", place.warmth().name().toLowerCase(Locale.ROOT));
        return node;
    }

    private ObjectNode stage(StageOutcome stage) {
        ObjectNode node = JSON.createObjectNode();
        node.put("status", stage.status().name().toLowerCase(Locale.ROOT));
        stage.exitCode().ifPresent(code -> node.put("exitCode", code));
        stage.signal().ifPresent(signal -> node.put("signal", signal));
        node.put("wallMillis", stage.wall().toMillis());
        node.put("cpuMillis", stage.cpu().toMillis());
        node.put("memoryPeakBytes", stage.memoryPeakBytes());
        output(node, "stdout", stage.stdout(), stage.stdoutTruncated());
        output(node, "stderr", stage.stderr(), stage.stderrTruncated());
        return node;
    }

    private void output(ObjectNode node, String name, byte[] bytes, boolean truncated) {
        byte[] kept = bytes.length <= left ? bytes : Arrays.copyOf(bytes, left);
        left -= kept.length;
        node.put(name, new String(kept, StandardCharsets.UTF_8));
        if (!utf8(kept)) {
            node.put(name + "Base64", Base64.getEncoder().encodeToString(kept));
        }
        node.put(name + "Truncated", truncated || kept.length < bytes.length);
    }

    private static boolean utf8(byte[] bytes) {
        try {
            var _ = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
