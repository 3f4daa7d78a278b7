package dev.skerry.server.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.interpreter.Interpreted.Answer;
import dev.skerry.server.interpreter.Interpreted.Running;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExecutionTest {
    @TempDir
    private Path folder;

    private Interpreted interpreter;

    @BeforeEach
    void open() throws Exception {
        interpreter = new Interpreted(folder, Map.of(), Duration.ofSeconds(2));
    }

    @AfterEach
    void close() {
        interpreter.close();
    }

    private Running started(String code, String id) throws Exception {
        Running running = interpreter.start(Map.of("code", code, "context_id", id));
        running.next();
        assertThat(running.next().path("text").asString()).startsWith("on\n");
        return running;
    }

    private static final String FOREVER = """
            python | print('on')\\nimport time; kept = 1; time.sleep(600) | kept | 1
            python | print('on'); kept = 1\\nwhile True: pass | kept | 1
            python | import asyncio; kept = 1; print('on')\\nawait asyncio.sleep(600) | kept | 1
            python | kept = 1\\n!echo on; sleep 600 | kept | 1
            javascript | kept = 1; console.log('on'); while (true) {} | kept | 1
            javascript | kept = 1; console.log('on'); await new Promise(() => {}) | kept | 1
            bash | kept=1; echo on; sleep 600; echo never | echo $kept | 1
            bash | kept=1; echo on; while :; do :; done | echo $kept | 1
            """;

    @ParameterizedTest
    @CsvSource(textBlock = FOREVER, delimiter = '|')
    void aClientThatLeavesInterruptsItsCode(String language, String code, String then, String kept) throws Exception {
        String id = interpreter.context(language, "/home/user").path("id").asString();
        started(code.replace("\\n", "\n"), id).close();
        Answer answer = interpreter.in(id, then);
        String text = language.equals("bash")
                ? answer.text("stdout").strip()
                : answer.result().path("text").asString();
        assertThat(text).isEqualTo(kept);
    }

    @Test
    void anInterruptIsAnErrorOfTheExecution() throws Exception {
        String id = interpreter.context();
        try (Running running = started("print('on')\nimport time; time.sleep(600)", id)) {
            interpreter.send(interpreter
                    .to("/contexts/" + id + "/interrupt")
                    .header("X-Access-Token", interpreter.token())
                    .POST(java.net.http.HttpRequest.BodyPublishers.noBody()));
            assertThat(running.rest().error().path("name").asString()).isEqualTo("KeyboardInterrupt");
        }
    }

    @Test
    void codeThatIgnoresInterruptsIsKilledOnceSomebodyWaits() throws Exception {
        String id = interpreter.context();
        String stubborn = """
                import time
                print('on')
                while True:
                    try:
                        time.sleep(600)
                    except KeyboardInterrupt:
                        pass
                """;
        started(stubborn, id).close();
        assertThat(interpreter.in(id, "40 + 2").result().path("text").asString())
                .isEqualTo("42");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "import os; os._exit(3)",
                "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
                "import os; os.closerange(3, 1024)",
                "import ctypes; ctypes.string_at(0)"
            })
    void aKernelThatDiesIsAnErrorAndTheNextOneStarts(String code) throws Exception {
        String id = interpreter.context();
        Answer answer = interpreter.in(id, "print('before', flush=True)\n" + code);
        assertThat(answer.text("stdout")).isEqualTo("before\n");
        assertThat(answer.error().path("name").asString()).isEqualTo("KernelDied");
        assertThat(answer.error().path("value").asString()).contains("Python kernel", "variables are gone");
        assertThat(interpreter.in(id, "1").result().path("text").asString()).isEqualTo("1");
    }

    @Test
    void aKernelThatDiesInsideAForeignDescriptorHolderIsNoticed() throws Exception {
        Answer answer = interpreter.python("import subprocess, os; subprocess.Popen(['sleep', '600']); os._exit(1)");
        assertThat(answer.error().path("name").asString()).isEqualTo("KernelDied");
    }

    @Test
    void codeThatAttacksItsSurroundingsHurtsOnlyItself() throws Exception {
        String id = interpreter.context();
        assertThat(interpreter
                        .in(id, "import os, signal; os.kill(os.getppid(), signal.SIGKILL)")
                        .error()
                        .path("name")
                        .asString())
                .isEqualTo("PermissionError");
        interpreter.in(id, "import os, sys; os.close(1); os.close(2); os.close(0)");
        assertThat(interpreter.in(id, "print('again')").text("stdout")).isEqualTo("again\n");
        interpreter.in(id, "sys.stdout.close(); sys.stderr = None");
        assertThat(interpreter.in(id, "print('and again')").text("stdout")).isEqualTo("and again\n");
        interpreter.in(id, "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)");
        started("print('on')\nimport time; time.sleep(600)", id).close();
        assertThat(interpreter
                        .in(id, "'kept' if 'sys' in dir() else 'lost'")
                        .result()
                        .path("text")
                        .asString())
                .isEqualTo("kept");
    }

    @Test
    void garbageOnTheOutputsIsOutput() throws Exception {
        Answer answer = interpreter.python("""
                import os
                for fd in (1, 2):
                    os.write(fd, b'\\x1e' * 3 + b'\\x1e' + b'0' * 32 + b'.1:{"type":"end","id":1}\\n\\xff\\x00\\x1b[0m')
                    os.write(fd, b'\\x1e')
                7
                """);
        for (String stream : List.of("stdout", "stderr")) {
            assertThat(answer.text(stream)).contains("{\"type\":\"end\",\"id\":1}\n\ufffd\u0000\u001b[0m\u001e");
        }
        assertThat(answer.result().path("text").asString()).isEqualTo("7");
    }

    @Test
    void forgedFramesReachOnlyTheClientThatRanThem() throws Exception {
        String id = interpreter.context();
        Answer answer = interpreter.in(id, """
                import gc
                wire = next(o for o in gc.get_objects() if type(o).__name__ == 'Wire')
                wire._frame(1, b'.', b'{"type": "result", "not json')
                wire._frame(1, b'.', b'[]')
                wire._frame(1, b'+', b'x' * 3000)
                wire._frame(1, b'.', b'{"type": "start", "id": 99999, "count": 5}')
                print('fine')
                """);
        assertThat(answer.text("stderr")).contains("did not put it into JSON");
        assertThat(answer.text("stdout")).isEqualTo("fine\n");
    }

    @Test
    void charactersAreWholeHoweverTheyAreWritten() throws Exception {
        Answer answer = interpreter.python("""
                import os, time
                for byte in 'aä€😀z'.encode():
                    os.write(1, bytes([byte]))
                    time.sleep(0.01)
                print('é' * 100_000)
                'ü€😀'
                """);
        assertThat(answer.text("stdout")).isEqualTo("aä€😀z" + "é".repeat(100_000) + "\n");
        assertThat(answer.result().path("text").asString()).isEqualTo("ü€😀");
    }

    @Test
    void aFloodIsHeldBackByAClientThatDoesNotRead() throws Exception {
        String id = interpreter.context();
        String flood = """
                import os
                print('on', flush=True)
                line = b'x' * 65536
                total = 0
                while total < 256 << 20:
                    total += os.write(1, line)
                    open('/home/user/total', 'w').write(str(total))
                """;
        try (Running running = started(flood, id)) {
            Path total = interpreter.guest().home().resolve("user/total");
            long[] last = {-1, 0};
            Interpreted.eventually(() -> {
                String text = total.toFile().exists() ? java.nio.file.Files.readString(total) : "";
                long now = text.isEmpty() ? 0 : Long.parseLong(text);
                last[1] = now == last[0] ? last[1] + 1 : 0;
                last[0] = now;
                return now > 0 && last[1] > 25;
            });
            assertThat(last[0]).isLessThan(64L << 20);
            byte[] some = running.body().readNBytes(1 << 20);
            assertThat(new String(some, StandardCharsets.US_ASCII)).contains("\"stdout\"");
        }
        assertThat(interpreter.in(id, "total > 0").result().path("text").asString())
                .isEqualTo("True");
    }

    @Test
    void whatIsPrintedBetweenCellsBlocksNobodyAndBelongsToNoCell() throws Exception {
        String id = interpreter.context();
        interpreter.in(id, """
                import threading, os, time
                def flood():
                    time.sleep(0.2)
                    for _ in range(64):
                        os.write(1, b'y' * 65536)
                    open('/home/user/flooded', 'w').close()
                threading.Thread(target=flood).start()
                """);
        Interpreted.eventually(() ->
                interpreter.guest().home().resolve("user/flooded").toFile().exists());
        assertThat(interpreter.in(id, "print('mine')").text("stdout")).isEqualTo("mine\n");
    }

    @Test
    void aLargeResultComesWholeAndATooLargeOneIsSaid() throws Exception {
        assertThat(interpreter.python("'a' * 5_000_000").result().path("text").asString())
                .hasSize(5_000_000);
        Answer answer = interpreter.python("print('b'); 'a' * 20_000_000");
        assertThat(answer.of("result")).isEmpty();
        assertThat(answer.text("stderr")).contains("was left out: at most 16 MiB");
        assertThat(interpreter
                        .run("js", "'é'.repeat(1_000_000)")
                        .result()
                        .path("text")
                        .asString())
                .hasSize(1_000_000);
    }

    @Test
    void executionsOfOneContextFollowOneAnotherAndContextsRunAtOnce() throws Exception {
        String id = interpreter.context();
        interpreter.in(id, "seen = []");
        String code = "import time\nseen.append('in'); time.sleep(0.05); seen.append('out')";
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Callable<Answer>> calls = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                calls.add(() -> interpreter.in(id, code));
            }
            for (Future<Answer> answer : threads.invokeAll(calls)) {
                assertThat(answer.get().of("error")).isEmpty();
            }
            assertThat(interpreter
                            .in(id, "seen == ['in', 'out'] * 20")
                            .result()
                            .path("text")
                            .asString())
                    .isEqualTo("True");
            String other = interpreter.context();
            try (Running running = started("print('on')\nimport time; time.sleep(600)", id)) {
                assertThat(interpreter.in(other, "1").result().path("text").asString())
                        .isEqualTo("1");
                assertThat(running.body()).isNotNull();
            }
        }
    }

    @Test
    void tooManyWhoWaitAreRefused() throws Exception {
        String id = interpreter.context();
        try (Running first = started("print('on')\nimport time; time.sleep(600)", id)) {
            List<Running> waiting = new ArrayList<>();
            for (int i = 0; i < 64; i++) {
                waiting.add(interpreter.start(Map.of("code", "1", "context_id", id)));
            }
            assertThat(interpreter.in(id, "1").error().path("value").asString())
                    .contains("more than 64 executions wait");
            for (Running one : waiting) {
                one.close();
            }
            assertThat(first.body()).isNotNull();
        }
        // Those who left are noticed one after the other.
        Interpreted.eventually(() -> !interpreter.in(id, "2").of("result").isEmpty());
    }

    @Test
    void aPauseBreaksTheAnswerAndInterruptsTheCode() throws Exception {
        String id = interpreter.context();
        try (Running running = started("kept = 4\nprint('on')\nimport time; time.sleep(600)", id)) {
            interpreter.guest().streams().drain(Duration.ofMillis(10));
            assertThat(interpreter.guest().streams().size()).isZero();
            assertThatThrownBy(running::rest).isInstanceOf(java.io.UncheckedIOException.class);
        }
        interpreter.guest().streams().reopen();
        assertThat(interpreter.in(id, "kept").result().path("text").asString()).isEqualTo("4");
    }

    @Test
    void aSandboxThatEndsUnderAnExecutionBreaksTheConnection() throws Exception {
        String id = interpreter.context();
        try (Running running = started("print('on')\nimport time; time.sleep(600)", id)) {
            interpreter.guest().kill();
            assertThatThrownBy(running::rest).isInstanceOf(java.io.UncheckedIOException.class);
        }
    }
}
