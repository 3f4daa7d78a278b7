package dev.skerry.cli;

import dev.skerry.wire.Quantity;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import tools.jackson.databind.JsonNode;

/** Prints what became of a job. */
final class JobReport {
    private static final String ACCEPTED = "accepted";

    private final Context context;

    JobReport(Context context) {
        this.context = context;
    }

    /**
     * A program with one input: what it wrote, and its verdict unless all is well. With several: a line for each.
     *
     * @return the exit code
     */
    int result(JsonNode result, boolean json) {
        boolean accepted = result.path("verdict").asString("").equals(ACCEPTED);
        if (json) {
            context.print(result.toString());
        } else if (result.path("cases").size() > 1) {
            table(result);
        } else {
            output(result);
            if (!accepted) {
                context.say(verdict(result));
            }
        }
        return accepted ? ExitCode.OK : ExitCode.ERROR;
    }

    /** How far it has come, and its result if it has one. */
    void job(JsonNode job) {
        Columns columns = new Columns("TOKEN", job.path("token").asString("-"));
        columns.add("STATE", job.path("state").asString("-"));
        columns.add("CREATED", job.path("createdAt").asString("-"));
        columns.add("BEGAN", job.path("beganAt").asString("-"));
        columns.add("ENDED", job.path("endedAt").asString("-"));
        columns.add("ATTEMPTS", job.path("attempts").asString("-"));
        JsonNode result = job.path("result");
        if (result.isObject()) {
            JsonNode trust = result.path("trust");
            columns.add("VERDICT", verdict(result));
            if (trust.isObject()) {
                columns.add(
                        "ISOLATION",
                        trust.path("achieved").asString("-") + ", at least "
                                + trust.path("floor").asString("-") + " by "
                                + trust.path("rule").asString("-"));
            }
        }
        context.print(columns.toString());
        if (result.path("cases").size() > 0) {
            table(result);
        }
    }

    private void table(JsonNode result) {
        Columns columns = new Columns("CASE", "VERDICT", "WALL", "CPU", "MEMORY");
        int number = 0;
        for (JsonNode one : result.path("cases")) {
            number++;
            JsonNode run = one.path("run");
            boolean ran = run.isObject();
            columns.add(
                    String.valueOf(number),
                    one.path("verdict").asString("-"),
                    ran ? run.path("wallMillis").asString("-") + " ms" : "-",
                    ran ? run.path("cpuMillis").asString("-") + " ms" : "-",
                    ran ? Quantity.ofBytes(run.path("memoryPeakBytes").asLong(0)) : "-");
        }
        context.print(columns + "\n" + verdict(result));
    }

    private static String verdict(JsonNode result) {
        String message = result.path("message").asString("");
        return result.path("verdict").asString("-") + (message.isEmpty() ? "" : ": " + Columns.plain(message));
    }

    /** Of all its cases one after the other, as they are; the compiler's words go to standard error. */
    void output(JsonNode result) {
        tell(result.path("compile"), "stdout");
        tell(result.path("compile"), "stderr");
        for (JsonNode one : result.path("cases")) {
            context.write(bytes(one.path("run"), "stdout"));
            tell(one.path("run"), "stderr");
        }
    }

    private void tell(JsonNode stage, String name) {
        context.stderr().writeBytes(bytes(stage, name));
        context.stderr().flush();
    }

    private static byte[] bytes(JsonNode stage, String name) {
        String whole = stage.path(name + "Base64").asString("");
        return whole.isEmpty()
                ? stage.path(name).asString("").getBytes(StandardCharsets.UTF_8)
                : Base64.getDecoder().decode(whole);
    }
}
