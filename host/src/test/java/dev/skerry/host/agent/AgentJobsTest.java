package dev.skerry.host.agent;

import static dev.skerry.host.agent.JobOrders.file;
import static dev.skerry.host.agent.JobOrders.input;
import static dev.skerry.host.agent.JobOrders.limited;
import static dev.skerry.host.agent.JobOrders.runtime;
import static dev.skerry.host.agent.JobOrders.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobFile;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageLimits;
import dev.skerry.wire.jobs.StageOutcome;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Jobs in real sandboxes of this machine; nothing is left of any. */
class AgentJobsTest extends AgentFixture {
    private JobHost jobs;

    @BeforeEach
    void jobs() {
        jobs = agent.jobs();
    }

    private JobOutcome run(JobOrder order) throws Exception {
        return jobs.run(order, JobListener.NOBODY);
    }

    private StageOutcome python(String code, JobCase each) throws Exception {
        return run(JobOrders.of(runtime(jobs, "python"), code, each)).runs().getFirst();
    }

    @Test
    void languagesOfThisMachineAreFoundWithExactVersionsAndKept() throws Exception {
        List<LanguageRuntime> first = jobs.runtimes();
        agent.close();
        open();
        jobs = agent.jobs();

        assertThat(jobs.runtimes()).isEqualTo(first);
        assertThat(first).allMatch(each -> each.version().matches("\\d+\\.\\d+\\.\\d+"));
        LanguageRuntime python = runtime(jobs, "python");
        assertThat(python.aliases()).contains("py", "py3", "python3");
        assertThat(python.version()).isEqualTo(printedBy("/usr/bin/python3", "-c", PLATFORM));
        LanguageRuntime c = runtime(jobs, "c");
        assertThat(c.version()).isEqualTo(printedBy("/usr/bin/gcc", "-dumpfullversion"));
        assertThat(c.runtime()).contains("gcc");
        assertThat(c.compiled()).isTrue();
        try (java.util.stream.Stream<java.nio.file.Path> kept = Files.list(AgentHost.FOLDER.resolve("runtimes"))) {
            assertThat(kept).isNotEmpty();
        }
    }

    private static final String PLATFORM = "import platform; print(platform.python_version())";

    private static String printedBy(String... words) throws Exception {
        return text(new ProcessBuilder(words).start().getInputStream().readAllBytes())
                .strip();
    }

    @Test
    void aProgramGetsItsFilesInputArgumentsAndEnvironment() throws Exception {
        String code = """
            import os, sys, lib.words
            print(sys.stdin.read() + "|" + "|".join(sys.argv[1:]), lib.words.WORD, os.environ["HOME"], os.getcwd())
            print(os.environ["LEVEL"], file=sys.stderr)
            """;
        JobOrder plain = JobOrders.of(
                runtime(jobs, "python"),
                List.of(file("main.py", code), file("lib/words.py", "WORD = 'word'")),
                input("in", "a b", "ü"));
        JobOrder order = new JobOrder(
                plain.id(),
                plain.runtime(),
                plain.floor(),
                plain.limits(),
                plain.files(),
                java.util.Map.of("LEVEL", "5"),
                plain.compile(),
                false,
                plain.cases());
        JobOutcome outcome = run(order);

        StageOutcome run = outcome.runs().getFirst();
        assertThat(text(run.stdout())).isEqualTo("in|a b|ü word /tmp /box\n");
        assertThat(text(run.stderr())).isEqualTo("5\n");
        assertThat(run.status()).isEqualTo(Status.OK);
        assertThat(run.exitCode()).hasValue(0);
        assertThat(run.cpu()).isPositive();
        assertThat(run.memoryPeakBytes()).isBetween(1L << 20, 64L << 20);
        assertThat(outcome.compile()).isEmpty();
        assertThat(outcome.place().warmth()).isEqualTo(JobPlace.Warmth.COLD);
        assertThat(outcome.total()).isGreaterThan(outcome.waited());
    }

    @Test
    void aProgramIsCompiledOnceAndRunForEachCaseWithoutAShell() throws Exception {
        String code = """
            #include <stdio.h>
            #include <unistd.h>
            #include "half.h"
            int main(void) {
                int n;
                char parent[32] = "";
                if (scanf("%d", &n) != 1) return 3;
                printf("%d %d\\n", half(n), getpid() - getppid());
                return 0;
            }
            """;
        JobOutcome outcome = run(JobOrders.of(
                runtime(jobs, "c"),
                List.of(
                        file("sum", code),
                        file("half.h", "int half(int n);"),
                        file("half.c", "int half(int n) { return n / 2; }")),
                input("8"),
                input("x"),
                input("14")));

        assertThat(outcome.compile().orElseThrow().status())
                .as(text(outcome.compile().orElseThrow().stderr()))
                .isEqualTo(Status.OK);
        assertThat(outcome.runs()).extracting(run -> text(run.stdout())).containsExactly("4 1\n", "", "7 1\n");
        assertThat(outcome.runs())
                .extracting(StageOutcome::status)
                .containsExactly(Status.OK, Status.RUNTIME_ERROR, Status.OK);
    }

    @Test
    void whatDoesNotCompileIsNotRun() throws Exception {
        JobOutcome outcome = run(JobOrders.of(runtime(jobs, "c"), "int main( {", input("")));

        assertThat(outcome.compile().orElseThrow().status()).isEqualTo(Status.RUNTIME_ERROR);
        assertThat(text(outcome.compile().orElseThrow().stderr())).contains("error");
        assertThat(outcome.runs()).isEmpty();
    }

    @Test
    void aStageEndsAtItsLimitOnWallClock() throws Exception {
        StageLimits limits = StageLimits.of(Duration.ofSeconds(2), Duration.ofSeconds(5), 1000);
        StageOutcome run = python("import time; print('on', flush=True); time.sleep(60)", limited(limits, ""));

        assertThat(run.status()).isEqualTo(Status.TIMED_OUT);
        assertThat(text(run.stdout())).isEqualTo("on\n");
        assertThat(run.wall()).isBetween(Duration.ofMillis(1990), Duration.ofSeconds(10));
    }

    @Test
    void aStageEndsAtItsLimitOnCpuTimeToTheMillisecond() throws Exception {
        StageLimits limits = StageLimits.of(Duration.ofSeconds(20), Duration.ofMillis(150), 1000);
        StageOutcome run = python("while True: pass", limited(limits, ""));

        assertThat(run.status()).isEqualTo(Status.CPU_TIME_EXCEEDED);
        assertThat(run.cpu()).isBetween(Duration.ofMillis(150), Duration.ofMillis(250));
    }

    @Test
    void outputIsKeptUpToItsLimitAndThenTheProgramIsKilled() throws Exception {
        StageLimits limits = StageLimits.of(Duration.ofSeconds(20), Duration.ofSeconds(20), 100);
        StageOutcome out = python("while True: print('x' * 9)", limited(limits, ""));
        StageOutcome err = python("import sys\nwhile True: sys.stderr.write('y')", limited(limits, ""));

        assertThat(out.status()).isEqualTo(Status.STDOUT_LIMIT);
        assertThat(text(out.stdout())).isEqualTo("xxxxxxxxx\n".repeat(10));
        assertThat(out.stdoutTruncated()).isTrue();
        assertThat(err.status()).isEqualTo(Status.STDERR_LIMIT);
        assertThat(err.stderr()).hasSize(100);
        assertThat(err.stdoutTruncated()).isFalse();
    }

    @Test
    void memoryIsLimitedAndMeasuredForEachCaseByItself() throws Exception {
        String code = "import sys; b = bytearray(int(sys.argv[1]) << 20); print(len(b))";
        JobOutcome outcome = run(JobOrders.of(
                runtime(jobs, "python"),
                code,
                limited(JobOrders.memory(200 << 20), "", "100"),
                limited(JobOrders.memory(64 << 20), "", "1"),
                limited(JobOrders.memory(64 << 20), "", "100"),
                limited(JobOrders.memory(200 << 20), "", "100")));

        assertThat(outcome.runs())
                .extracting(StageOutcome::status)
                .containsExactly(Status.OK, Status.OK, Status.OUT_OF_MEMORY, Status.OK);
        assertThat(outcome.runs().get(0).memoryPeakBytes()).isBetween(100L << 20, 140L << 20);
        assertThat(outcome.runs().get(1).memoryPeakBytes()).isBetween(4L << 20, 40L << 20);
    }

    @Test
    void processesOpenFilesAndFileSizesAreLimited() throws Exception {
        String code = """
            import os, threading, time, signal
            try:
                for i in range(9): threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
            except RuntimeError: print("threads", i)
            try:
                files = [open("/dev/null") for i in range(99)]
            except OSError as e: print("files", e.errno)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            files = None
            try:
                with open("/tmp/big", "wb", 0) as big:
                    for i in range(3): big.write(bytes(1000))
            except OSError as e: print("size", os.path.getsize("/tmp/big"))
            """;
        StageOutcome run = python(code, limited(JobOrders.counts(4, 20, 1500), ""));

        assertThat(text(run.stdout())).as(text(run.stderr())).isEqualTo("threads 3\nfiles 24\nsize 1500\n");
    }

    @Test
    void nothingOfACaseRunsInTheNext() throws Exception {
        String code = """
            import os, sys, time
            if sys.stdin.read() == "leave":
                for i in range(3):
                    if os.fork() == 0:
                        os.setsid()
                        if os.fork() == 0:
                            os.close(0); os.close(1); os.close(2)
                            while True: time.sleep(0.01); open("/tmp/alive", "a").write("x")
                        os._exit(0)
                    os.wait()
                while not os.path.exists("/tmp/alive"): time.sleep(0.001)
                print("left")
            else:
                size = os.path.getsize("/tmp/alive")
                time.sleep(0.1)
                print(os.path.getsize("/tmp/alive") - size, [p for p in os.listdir("/proc") if p.isdigit()])
            """;
        JobOutcome outcome = run(JobOrders.of(runtime(jobs, "python"), code, input("leave"), input("look")));

        assertThat(text(outcome.runs().get(0).stdout())).isEqualTo("left\n");
        assertThat(text(outcome.runs().get(1).stdout())).matches("0 \\['1', '\\d+', '\\d+'\\]\n");
    }

    @Test
    void filesThatLeadOutsideAreRefused() {
        List<JobFile> files = List.of(file("../../etc/passwd", "x"));
        JobOrder order = JobOrders.of(runtime(jobs, "python"), files);

        failsWith(ErrorCode.INVALID_REQUEST, () -> run(order));
    }
}
