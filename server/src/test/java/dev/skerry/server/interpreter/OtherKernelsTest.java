package dev.skerry.server.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import dev.skerry.server.interpreter.Interpreted.Answer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Needs nodejs and node-typescript; `./skerry test` installs them. */
class OtherKernelsTest {
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

    private static String js(String code) throws Exception {
        return interpreter.run("js", code).result().path("text").asString();
    }

    private static Answer bash(String code) throws Exception {
        return interpreter.run("bash", code);
    }

    @Test
    void theLastExpressionOfJavaScriptIsTheResult() throws Exception {
        assertThat(js("const add = (x, y) => x + y;\nadd(1, 2)")).isEqualTo("3");
        assertThat(js("'Hello'")).isEqualTo("Hello");
        assertThat(js("({a: [1, {b: 2}]})")).isEqualTo("{ a: [ 1, { b: 2 } ] }");
        assertThat(interpreter.run("javascript", "undefined").of("result")).isEmpty();
        assertThat(js("process.cwd()")).isEqualTo("/home/user");
        assertThat(js("require('os').EOL.length")).isEqualTo("1");
    }

    @Test
    void declarationsStayAndCanBeMadeAgain() throws Exception {
        interpreter.run("js", "const z = 1; let [p, q] = [2, 3]; class A { m() { return 4 } }");
        assertThat(js("z + p + q + new A().m()")).isEqualTo("10");
        interpreter.run("js", "const z = 5; let p = `a${ {b: 1}.b }`; class A { m() { return 6 } }");
        assertThat(js("[z, p, new A().m()].join()")).isEqualTo("5,a1,6");
        assertThat(js("for (const i of [1]) { const z = 9 }\nz // const z = 3\n"))
                .isEqualTo("5");
        assertThat(js("const s = 'const z = 7'; /[/`]const z = 8/.test(s); s + z"))
                .isEqualTo("const z = 75");
    }

    @Test
    void awaitAndImportWorkAtTheOutermostLevel() throws Exception {
        assertThat(js("async function main() { return 'Hi' }\n\nawait main()")).isEqualTo("Hi");
        interpreter.run("js", "const w = await Promise.resolve(1)");
        interpreter.run("js", "const w = await Promise.resolve(2)");
        assertThat(js("w")).isEqualTo("2");
        assertThat(js("import path, {join as j} from 'node:path'\nimport * as os from \"os\"\n"
                        + "j('a', 'b') + path.sep + os.EOL.length"))
                .isEqualTo("a/b/1");
        assertThat(js("import('node:path').then(m => m.sep)")).isEqualTo("/");
    }

    @Test
    void whatNodePrintsIsInOrder() throws Exception {
        Answer answer = interpreter.run(
                "js",
                "console.log('Hello World!'); console.error('no'); display(1);"
                        + "process.stdout.write('x');"
                        + "require('child_process').execSync('echo kid', {stdio: 'inherit'}); 2");
        assertThat(answer.text("stdout")).isEqualTo("Hello World!\nxkid\n");
        assertThat(answer.text("stderr")).isEqualTo("no\n");
        assertThat(answer.order())
                .containsSubsequence("stdout", "result", "stdout", "result")
                .containsSubsequence("stderr", "result");
        assertThat(interpreter.run("js", "console.log('Hello World!')").of("stdout"))
                .hasSize(1);
    }

    @Test
    void errorsOfJavaScriptHaveAStack() throws Exception {
        Answer answer = interpreter.run("js", "function f() { throw new TypeError('bad') }\nf()");
        assertThat(answer.error().path("name").asString()).isEqualTo("TypeError");
        assertThat(answer.error().path("value").asString()).isEqualTo("bad");
        assertThat(answer.error().path("traceback").asString())
                .contains("at f (<cell ")
                .doesNotContain("skerry", "node:");
        assertThat(interpreter.run("js", "syntax error").error().path("name").asString())
                .isEqualTo("SyntaxError");
        assertThat(interpreter
                        .run("js", "await Promise.reject(new RangeError('x'))")
                        .error()
                        .path("name")
                        .asString())
                .isEqualTo("RangeError");
        Answer later = interpreter.run(
                "js",
                "setTimeout(() => { throw new Error('later') }, 5); await new Promise(f => setTimeout(f, 50)); 8");
        assertThat(later.text("stderr")).contains("Uncaught Error: later");
        assertThat(later.result().path("text").asString()).isEqualTo("8");
    }

    @Test
    void aNodeObjectCanBringItsForms() throws Exception {
        Answer answer = interpreter.run("js", """
                {
                  [Symbol.for("Jupyter.display")]() {
                    return { "text/plain": "Hello", "text/html": "<h1>é</h1>" }
                  }
                }
                """);
        assertThat(answer.result().path("html").asString()).isEqualTo("<h1>é</h1>");
        assertThat(answer.result().path("text").asString()).isEqualTo("Hello");
    }

    @Test
    void environmentVariablesOfACellAreGoneAfterItInEveryLanguage() throws Exception {
        Map<String, String> variables = Map.of("FOO", "it's \"ä\"\n$x", "SBX", "other");
        String code = "`${process.env.FOO}|${process.env.SBX}`";
        Answer js = interpreter.run(Map.of("code", code, "language", "js", "env_vars", variables));
        assertThat(js.result().path("text").asString()).isEqualTo("it's \"ä\"\n$x|other");
        assertThat(js(code)).isEqualTo("undefined|value");
        String shell = "printf %s \"${FOO-none}|$SBX\"";
        Answer bash = interpreter.run(Map.of("code", shell, "language", "bash", "env_vars", variables));
        assertThat(bash.text("stdout")).isEqualTo("it's \"ä\"\n$x|other");
        assertThat(bash(shell).text("stdout")).isEqualTo("none|value");
    }

    @Test
    void typesAreTakenOutOfTypeScript() throws Exception {
        Answer answer = interpreter.run("ts", """
                interface P { x: number }
                function subtract(x: number, y: number): number {
                  return x - y;
                }

                subtract(1, 2)
                """);
        assertThat(answer.result().path("text").asString()).isEqualTo("-1");
        interpreter.run("typescript", "const kept: string = await Promise.resolve('k')");
        assertThat(interpreter.run("ts", "kept as string").result().path("text").asString())
                .isEqualTo("k");
        assertThat(interpreter
                        .run("ts", "let b: number = ")
                        .error()
                        .path("name")
                        .asString())
                .isEqualTo("SyntaxError");
    }

    @Test
    void bashKeepsItsStateAndItsOutputsApart() throws Exception {
        String context = interpreter.context("bash", "/home").path("id").asString();
        interpreter.in(context, "x=5; f() { echo \"f $1 $x\"; }; cd user");
        Answer answer = interpreter.in(context, "f 'ä' ; pwd\necho err >&2\nread line; echo \"[$line]\"");
        assertThat(answer.text("stdout")).isEqualTo("f ä 5\n/home/user\n[]\n");
        assertThat(answer.text("stderr")).isEqualTo("err\n");
        assertThat(answer.of("error")).isEmpty();
    }

    @Test
    void aFailedCommandIsAnErrorWithItsStatus() throws Exception {
        assertThat(bash("true; (exit 3)").error().path("value").asString()).isEqualTo("3");
        assertThat(bash("if fi").error().path("value").asString()).isEqualTo("2");
        assertThat(bash("echo good").of("error")).isEmpty();
    }

    @Test
    void settingsOfBashDoNotShowOrStopTheKernel() throws Exception {
        String context = interpreter.context("bash", "/").path("id").asString();
        assertThat(interpreter.in(context, "set -xu; echo one").text("stderr")).isEqualTo("++ echo one\n");
        Answer answer = interpreter.in(context, "echo two; set +x");
        assertThat(answer.text("stderr")).isEqualTo("++ echo two\n++ set +x\n");
        assertThat(interpreter.in(context, "exec >/dev/null; echo lost").of("error"))
                .isEmpty();
        assertThat(interpreter.in(context, "echo back").text("stdout")).isEqualTo("back\n");
        Answer ended = interpreter.in(context, "set -e; false; echo never");
        assertThat(ended.error().path("name").asString()).isEqualTo("KernelDied");
        assertThat(ended.error().path("value").asString()).contains("exit status 1");
        assertThat(interpreter.in(context, "exit 0").of("error")).isEmpty();
        assertThat(interpreter.in(context, "echo again").text("stdout")).isEqualTo("again\n");
    }

    /**
     * Whenever the signal comes, the end of the cell is reported and the variables are kept. Not so with node: for some
     * microseconds at the beginning and end of each script it has no handler, and the signal ends it.
     */
    @Test
    void interruptsAtAnyMomentLoseNothing() throws Exception {
        Map<String, String> show = Map.of("bash", "echo $kept", "python", "print(kept)");
        for (String language : show.keySet()) {
            String context = interpreter.context(language, "/").path("id").asString();
            interpreter.in(context, "kept=7");
            CountDownLatch done = new CountDownLatch(1);
            Thread storm = Thread.ofVirtual().start(() -> {
                while (done.getCount() > 0) {
                    assertDoesNotThrow(() -> interpreter.interrupt(context));
                }
            });
            try {
                for (int cell = 0; cell < 50; cell++) {
                    interpreter.in(context, "1");
                }
            } finally {
                done.countDown();
                storm.join();
            }
            Answer after = interpreter.in(context, show.get(language));
            assertThat(after.text("stdout"))
                    .as("%s %s", language, after.lines())
                    .isEqualTo("7\n");
        }
    }

    @Test
    void aTrapForInterruptsOutlivesItsCell() throws Exception {
        String context = interpreter.context("bash", "/").path("id").asString();
        interpreter.in(context, "trap 'echo trapped' INT");
        assertThat(interpreter.in(context, "kill -INT $$; echo after").text("stdout"))
                .isEqualTo("trapped\nafter\n");
        interpreter.in(context, "trap - INT");
        assertThat(interpreter.in(context, "kill -INT $$; echo after").text("stdout"))
                .isEmpty();
    }

    /**
     * At each command of the lines with which the server ends a cell, one after the other. Not in the next cell, which
     * the signal would rightly stop: how many commands there are until it begins depends on how often somebody asks.
     */
    @Test
    void aSignalThatHitsTheEndOfACellIsMadeUpForByTheNextInterrupt() throws Exception {
        String context = interpreter.context("bash", "/").path("id").asString();
        interpreter.in(context, "kept=7");
        for (int command = 1; command <= 20; command++) {
            String code = "n=0; cell=$__skerry_count; set -T; trap '[ $__skerry_count != $cell ] || [ $((n += 1)) != "
                    + command + " ] || kill -INT $$' DEBUG";
            CountDownLatch ended = new CountDownLatch(1);
            Thread cell = Thread.ofVirtual().start(() -> {
                assertDoesNotThrow(() -> interpreter.in(context, code));
                ended.countDown();
            });
            Interpreted.eventually(() -> {
                interpreter.interrupt(context);
                return ended.getCount() == 0;
            });
            cell.join();
            // If there were fewer commands than that, it hits this one, which is then over.
            interpreter.in(context, "trap - DEBUG; set +T");
            assertThat(interpreter
                            .in(context, "trap - DEBUG; set +T; echo $kept")
                            .text("stdout"))
                    .as("command %d", command)
                    .isEqualTo("7\n");
        }
    }
}
