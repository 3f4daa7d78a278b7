package dev.skerry.server.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.interpreter.Interpreted.Answer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PythonKernelTest {
    @TempDir
    private static Path folder;

    private static Interpreted interpreter;

    @BeforeAll
    static void open() throws Exception {
        interpreter = new Interpreted(folder, Map.of("SBX", "value"), Duration.ofSeconds(30));
    }

    @AfterAll
    static void close() {
        interpreter.close();
    }

    @Test
    void theLastExpressionIsTheResult() throws Exception {
        Answer answer = interpreter.python("x = 20\nx + 1");
        assertThat(answer.result().path("text").asString()).isEqualTo("21");
        assertThat(answer.result().path("is_main_result").asBoolean()).isTrue();
        assertThat(answer.order()).containsExactly("number_of_executions", "result", "end_of_execution");
        assertThat(interpreter.python("x;").of("result")).isEmpty();
        assertThat(interpreter.python("None").of("result")).isEmpty();
        assertThat(interpreter.python("'str'").result().path("text").asString()).isEqualTo("str");
    }

    @Test
    void variablesStayAndTheCountRises() throws Exception {
        String context = interpreter.context();
        interpreter.in(context, "a = 1");
        interpreter.in(context, "def f(): return a + 1");
        Answer answer = interpreter.in(context, "f()");
        assertThat(answer.result().path("text").asString()).isEqualTo("2");
        assertThat(answer.of("number_of_executions")
                        .getFirst()
                        .path("execution_count")
                        .asInt())
                .isEqualTo(3);
    }

    @Test
    void outputComesInOrderWithResults() throws Exception {
        Answer answer = interpreter.python("""
                import sys, os
                print('one')
                print('two', file=sys.stderr)
                display(3)
                os.system('echo four; echo five >&2')
                display(6)
                os.write(1, b'seven')
                'eight'
                """);
        assertThat(answer.text("stdout")).isEqualTo("one\nfour\nseven");
        assertThat(answer.text("stderr")).isEqualTo("two\nfive\n");
        assertThat(answer.of("result").stream().map(r -> r.path("text").asString()))
                .containsExactly("3", "6", "eight");
        assertThat(answer.lines().stream()
                        .map(line -> line.path("text").asString(""))
                        .filter(text -> !text.isEmpty()))
                .containsSubsequence("3", "6", "seven", "eight")
                .containsSubsequence("two\n", "3", "five\n", "6")
                .containsSubsequence("one\n", "3", "four\n", "6", "seven", "eight");
    }

    @Test
    void anErrorHasItsNameValueAndTheLinesOfTheCell() throws Exception {
        Answer answer = interpreter.python("def f():\n    return 1 / 0\nf()");
        assertThat(answer.error().path("name").asString()).isEqualTo("ZeroDivisionError");
        assertThat(answer.error().path("value").asString()).isEqualTo("division by zero");
        assertThat(answer.error().path("traceback").asString())
                .contains("line 3, in <module>", "line 2, in f", "return 1 / 0")
                .doesNotContain("skerry");
        Answer syntax = interpreter.python("x = = 1");
        assertThat(syntax.error().path("name").asString()).isEqualTo("SyntaxError");
        assertThat(syntax.error().path("traceback").asString()).contains("x = = 1");
    }

    @Test
    void exitIsAnErrorAndTheVariablesLiveOn() throws Exception {
        String context = interpreter.context();
        interpreter.in(context, "kept = 7");
        assertThat(interpreter
                        .in(context, "import sys; sys.exit(3)")
                        .error()
                        .path("value")
                        .asString())
                .isEqualTo("3");
        assertThat(interpreter.in(context, "exit()").error().path("name").asString())
                .isEqualTo("SystemExit");
        assertThat(interpreter.in(context, "kept").result().path("text").asString())
                .isEqualTo("7");
    }

    @Test
    void inputFailsAtOnceAndSaysWhy() throws Exception {
        Answer answer = interpreter.python("input('name? ')");
        assertThat(answer.error().path("value").asString()).contains("input() is not available");
    }

    @Test
    void awaitWorksAtTheOutermostLevelAndTasksGoOnBetweenCells() throws Exception {
        Answer answer = interpreter.python("""
                import asyncio, os
                async def later():
                    await asyncio.sleep(0.2)
                    open('/home/user/later', 'w').close()
                task = asyncio.ensure_future(later()) if False else None
                async def main():
                    global task
                    task = asyncio.create_task(later())
                    return 'made'
                await main()
                """);
        assertThat(answer.result().path("text").asString()).isEqualTo("made");
        Interpreted.eventually(
                () -> interpreter.guest().home().resolve("user/later").toFile().exists());
        assertThat(interpreter
                        .python("asyncio.run(asyncio.sleep(0, 5))")
                        .result()
                        .path("text")
                        .asString())
                .isEqualTo("5");
    }

    @Test
    void environmentVariablesOfACellAreGoneAfterIt() throws Exception {
        String code = "import os; os.getenv('FOO', 'none') + os.getenv('SBX')";
        Answer with = interpreter.run(Map.of("code", code, "env_vars", Map.of("FOO", "bar", "SBX", "other")));
        assertThat(with.result().path("text").asString()).isEqualTo("barother");
        assertThat(interpreter.python(code).result().path("text").asString()).isEqualTo("nonevalue");
    }

    @Test
    void theUsualMagicsWork() throws Exception {
        Answer answer = interpreter.python("name = 'x'\n!echo hello {name}; id -un\nlines = !printf 'a\\nb'\nlines");
        assertThat(answer.text("stdout")).isEqualTo("hello x\nuser\n");
        assertThat(answer.result().path("text").asString()).isEqualTo("['a', 'b']");
        assertThat(interpreter.python("%%bash\necho from bash").text("stdout")).isEqualTo("from bash\n");
        assertThat(interpreter.python("!pwd").text("stdout")).isEqualTo("/home/user\n");
        assertThat(interpreter.python("%unheard").error().path("value").asString())
                .contains("%unheard", "%pip");
    }

    @Test
    void anIndentedCellRuns() throws Exception {
        Answer answer = interpreter.python("\n        a = 4\n        if a:\n            a += 1\n        a\n        ");
        assertThat(answer.result().path("text").asString()).isEqualTo("5");
    }

    @Test
    void whatACellForksDoesNotAnswerForIt() throws Exception {
        Answer answer = interpreter.python("import os\npid = os.fork()\nprint('child' if pid == 0 else 'parent')");
        assertThat(answer.of("number_of_executions")).hasSize(1);
        assertThat(interpreter
                        .python("os.waitpid(pid, 0) and 'still here'")
                        .result()
                        .path("text")
                        .asString())
                .isEqualTo("still here");
    }

    @Test
    void onePrintIsOneLineAndOneWithoutAnEndIsSeenBeforeTheCellEnds() throws Exception {
        assertThat(interpreter.python("print(1)").of("stdout")).hasSize(1);
        try (Interpreted.Running running =
                interpreter.start(Map.of("code", "import time\nprint('.', end='')\ntime.sleep(60)"))) {
            assertThat(running.next().path("type").asString()).isEqualTo("number_of_executions");
            assertThat(running.next().path("text").asString()).isEqualTo(".");
        }
    }
}
