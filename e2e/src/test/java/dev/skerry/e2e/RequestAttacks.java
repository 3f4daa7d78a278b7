package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** Attacks by requests. Both doors are asked for the same, in their own words. */
final class RequestAttacks {
    private static final String PYTHON = "{\"language\":\"python\",\"version\":\"*\",";
    private static final String HELLO = PYTHON + "\"files\":[{\"content\":\"print(1)\"}]";
    private static final int LANGUAGES = 1000;

    private RequestAttacks() {}

    private static Attack refused(String name, String body) {
        return refused(name, body, body);
    }

    private static Attack refused(String name, String piston, String job) {
        return new Attack(name, doors -> told(doors.execute(piston), doors.judge(job)));
    }

    private static Attack names(String name, String fileName) {
        return refused(name, PYTHON + "\"files\":[{\"name\":\"" + fileName + "\",\"content\":\"\"}]}");
    }

    private static String told(HttpResponse<String> piston, HttpResponse<String> job) {
        String one = Doors.refusal(piston);
        String other = Doors.refusal(job);
        return one.equals(other) ? one : one + "; " + other;
    }

    private static String files(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "{\"name\":\"" + i + "\",\"content\":\"\"}")
                .collect(Collectors.joining(",", PYTHON + "\"files\":[", "]}"));
    }

    static List<Attack> all() {
        return Stream.of(names(), limits(), contents()).flatMap(List::stream).toList();
    }

    private static List<Attack> names() {
        return List.of(
                names("a file name that leads outside", "../../etc/cron.d/x"),
                names("an absolute file name that leads outside", "/../etc/passwd"),
                names("a file name with NUL", "a\\u0000.py"),
                names("a file name with half a character", "\\ud800.py"),
                names("a file name of 300 bytes", "x".repeat(300)),
                names("a file 40 folders deep", "d/".repeat(40) + "x"),
                names("a file where the compiler's output goes", ".build/main"),
                refused(
                        "two files of one name",
                        PYTHON + "\"files\":[{\"name\":\"a\",\"content\":\"\"},{\"name\":\"./a\",\"content\":\"\"}]}"),
                refused(
                        "a file that is a folder, too",
                        PYTHON + "\"files\":[{\"name\":\"a\",\"content\":\"\"},{\"name\":\"a/b\",\"content\":\"\"}]}"),
                refused(
                        "a main file whose name, with the extension that a compiler needs, is a folder's",
                        PYTHON.replace("python", "c") + "\"files\":[{\"name\":\"x\",\"content\":\"\"},"
                                + "{\"name\":\"x.c/y\",\"content\":\"\"}]}"),
                new Attack(
                        "a name that leads outside, in a job for later",
                        doors -> judged(doors.judge(
                                PYTHON + "\"async\":true,\"files\":[{\"name\":\"../x\",\"content\":\"\"}]}"))),
                refused("3,000 files; 10,000 files", files(3_000), files(10_000)),
                new Attack("1,000 languages that there are not", RequestAttacks::languages));
    }

    private static List<Attack> limits() {
        return List.of(
                refused(
                        "a negative limit of time",
                        HELLO + ",\"run_timeout\":-1}",
                        HELLO + ",\"run\":{\"wallMillis\":-1}}"),
                refused(
                        "a limit of time without end",
                        HELLO + ",\"run_timeout\":1e999}",
                        HELLO + ",\"run\":{\"wallMillis\":99999999999999999999}}"),
                refused(
                        "a limit that is no number",
                        HELLO + ",\"run_timeout\":NaN}",
                        HELLO + ",\"run\":{\"cpuMillis\":NaN}}"),
                refused(
                        "a limit of 2,000 digits",
                        HELLO + ",\"run_timeout\":" + "9".repeat(2000) + "}",
                        HELLO + ",\"run\":{\"memoryBytes\":" + "9".repeat(2000) + "}}"),
                refused(
                        "a limit that is text",
                        HELLO + ",\"run_memory_limit\":\"1\"}",
                        HELLO + ",\"run\":{\"memoryBytes\":\"1\"}}"),
                new Attack("memory of -1 and of 2^63 - 1", doors -> {
                    JsonNode piston = Doors.json(doors.execute(HELLO + ",\"run_memory_limit\":-1}"));
                    JsonNode job = Doors.json(doors.judge(
                            HELLO + ",\"run\":{\"memoryBytes\":" + Long.MAX_VALUE + ",\"processes\":4194304}}"));
                    return Doors.told(piston.get("run")) + "; `"
                            + job.get("verdict").stringValue() + "`";
                }),
                refused(
                        "an isolation that there is not",
                        HELLO + ",\"skerry\":{\"isolation\":\"none\"}}",
                        HELLO + ",\"isolation\":\"none\"}"));
    }

    private static List<Attack> contents() {
        return List.of(
                refused("JSON 50,000 deep", "[".repeat(50_000)),
                refused("half a JSON", "{\"language\":\"python"),
                new Attack("bytes that are no UTF-8", doors -> {
                    byte[] body = "{\"language\":\"py\u00ff\",\"version\":\"*\",\"files\":[{\"content\":\"\"}]}"
                            .getBytes(StandardCharsets.ISO_8859_1);
                    return told(doors.execute(body), doors.judge(body));
                }),
                new Attack("a key that is there twice", doors -> {
                    String twice = "{\"language\":\"cobol\"," + HELLO.substring(1) + "}";
                    JsonNode job = Doors.json(doors.judge(twice));
                    return Doors.told(Doors.json(doors.execute(twice)).get("run")) + "; `"
                            + job.get("verdict").stringValue() + "`";
                }),
                refused(
                        "a request of more than 100 KiB; of more than 8 MiB",
                        HELLO + ",\"stdin\":\"" + "x".repeat(101 << 10) + "\"}",
                        HELLO + ",\"stdin\":\"" + "x".repeat(8 << 20) + "\"}"),
                refused(
                        "an argument with NUL",
                        HELLO + ",\"args\":[\"a\\u0000b\"]}",
                        HELLO + ",\"arguments\":[\"a\\u0000b\"]}"),
                new Attack(
                        "an argument longer than Linux takes",
                        doors -> judged(doors, ",\"arguments\":[\"" + "x".repeat(200_000) + "\"]}")),
                new Attack(
                        "40,000 arguments",
                        doors -> judged(doors, ",\"arguments\":[" + "\"x\",".repeat(39_999) + "\"x\"]}")),
                new Attack(
                        "arguments of 6 MB together",
                        doors -> judged(
                                doors,
                                ",\"arguments\":[" + ("\"" + "x".repeat(2000) + "\",").repeat(2_999) + "\"x\"]}")),
                new Attack(
                        "variables that a loader obeys",
                        doors -> judged(
                                doors,
                                ",\"environment\":{\"LD_PRELOAD\":\"/box/main\",\"PATH\":\"/box\",\"IFS\":\"/\"}}")),
                new Attack(
                        "a variable's name with = and NUL",
                        doors -> judged(doors, ",\"environment\":{\"A=B\\u0000\":\"x\"}}")),
                new Attack(
                        "a callback to the cloud's own address",
                        doors -> judged(
                                doors, ",\"async\":true,\"callback\":{\"url\":\"http://169.254.169.254/latest\"}}")),
                new Attack(
                        "7 MiB of input that nobody reads",
                        doors -> judged(doors, ",\"stdin\":\"" + "x".repeat(7 << 20) + "\"}")));
    }

    /** By our own door, which takes more. */
    private static String judged(Doors doors, String rest) {
        return judged(doors.judge(HELLO + rest));
    }

    private static String judged(HttpResponse<String> answer) {
        return answer.statusCode() == 200
                ? "`" + Doors.json(answer).get("verdict").stringValue() + "`"
                : Doors.refusal(answer);
    }

    /** Four at a time. */
    private static String languages(Doors doors) throws Exception {
        List<Callable<String>> asked = IntStream.range(0, LANGUAGES)
                .mapToObj(i -> (Callable<String>) () -> {
                    String body = PYTHON.replace("python", "no" + i) + "\"files\":[]}";
                    return Doors.refusal(i % 2 == 0 ? doors.execute(body) : doors.judge(body))
                            .replace("no" + i, "LANGUAGE");
                })
                .toList();
        try (var four = Executors.newFixedThreadPool(4)) {
            List<String> told = new ArrayList<>();
            for (Future<String> one : four.invokeAll(asked)) {
                told.add(one.get());
            }
            List<String> kinds = told.stream().distinct().sorted().toList();
            assertThat(kinds).hasSize(2);
            return String.join("; ", kinds);
        }
    }
}
