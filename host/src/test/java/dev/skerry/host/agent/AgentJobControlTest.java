package dev.skerry.host.agent;

import static dev.skerry.host.agent.JobOrders.input;
import static dev.skerry.host.agent.JobOrders.runtime;
import static dev.skerry.host.agent.JobOrders.text;
import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobControl;
import dev.skerry.wire.jobs.JobHost;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.JobOutcome;
import dev.skerry.wire.jobs.JobPlace;
import dev.skerry.wire.jobs.LanguageRuntime;
import dev.skerry.wire.jobs.StageOutcome;
import dev.skerry.wire.jobs.StageOutcome.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is heard of a job while it runs, and what can be done to it; and that it ends with whoever wanted it. */
class AgentJobControlTest extends AgentFixture {
    private JobHost jobs;

    @BeforeEach
    void jobs() {
        jobs = agent.jobs();
    }

    /** Tells what it heard, in words. */
    private static final class Heard implements JobListener {
        private final List<String> words = new CopyOnWriteArrayList<>();
        private final AtomicInteger inside = new AtomicInteger();
        private final CompletableFuture<JobControl> control = new CompletableFuture<>();

        private void hear(String word) {
            assertThat(inside.incrementAndGet()).as("one at a time").isOne();
            words.add(word);
            inside.decrementAndGet();
        }

        @Override
        public void placed(JobPlace place) {
            hear("placed " + place.warmth());
        }

        @Override
        public void begins(Phase phase, int run, JobControl ours) {
            hear("begins " + phase + " " + run);
            control.complete(ours);
        }

        @Override
        public void wrote(Stream stream, byte[] bytes) {
            hear(stream + " " + text(bytes).strip());
        }

        @Override
        public boolean ended(Phase phase, int run, StageOutcome outcome) {
            hear("ended " + phase + " " + run + " " + outcome.status());
            return run < 1;
        }
    }

    @Test
    void aListenerHearsOneThingAfterTheOtherAndStopsTheRest() throws Exception {
        Heard heard = new Heard();
        JobCase open = new JobCase(Optional.empty(), List.of(), JobOrders.STAGE);
        Thread.ofVirtual().start(() -> {
            try (var stdin = heard.control.join().stdin()) {
                stdin.write("typed\n".getBytes(StandardCharsets.UTF_8));
                stdin.flush();
            } catch (IOException e) {
                heard.words.add(e.toString());
            }
        });
        jobs.run(JobOrders.of(runtime(jobs, "python"), "print(input())", open, input("second"), input("third")), heard);

        assertThat(heard.words)
                .containsExactly(
                        "placed COLD",
                        "begins RUN 0",
                        "STDOUT typed",
                        "ended RUN 0 OK",
                        "begins RUN 1",
                        "STDOUT second",
                        "ended RUN 1 OK");
    }

    @Test
    void aListenerMaySignalAndKill() throws Exception {
        String code = """
            import signal, time
            signal.signal(signal.SIGUSR1, lambda *_: print("signal", flush=True))
            print("ready", flush=True)
            time.sleep(60) or time.sleep(60)
            """;
        JobListener acting = new JobListener() {
            private final CompletableFuture<JobControl> control = new CompletableFuture<>();

            @Override
            public void begins(Phase phase, int run, JobControl ours) {
                control.complete(ours);
            }

            @Override
            public void wrote(Stream stream, byte[] bytes) {
                if (text(bytes).startsWith("ready")) {
                    control.join().signal(10);
                } else {
                    control.join().kill();
                }
            }
        };
        StageOutcome run = jobs.run(JobOrders.of(runtime(jobs, "python"), code), acting)
                .runs()
                .getFirst();

        assertThat(run.status()).isEqualTo(Status.CANCELLED);
        assertThat(text(run.stdout())).isEqualTo("ready\nsignal\n");
    }

    @Test
    void interruptingTheCallerEndsTheJob() throws Exception {
        Heard heard = new Heard();
        JobOrder order = JobOrders.of(runtime(jobs, "python"), "print('on', flush=True)\nwhile True: pass");
        CompletableFuture<String> result = new CompletableFuture<>();
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                result.complete(jobs.run(order, heard).toString());
            } catch (InterruptedException e) {
                result.complete("interrupted");
            }
        });
        AgentHost.await("its output", () -> heard.words.contains("STDOUT on"));
        caller.interrupt();

        assertThat(result.get(20, TimeUnit.SECONDS)).isEqualTo("interrupted");
        assertThat(heard.words).endsWith("ended RUN 0 CANCELLED");
    }

    @Test
    void closingTheAgentEndsItsJobsAndTakesNoMore() throws Exception {
        Heard heard = new Heard();
        LanguageRuntime python = runtime(jobs, "python");
        CompletableFuture<JobOutcome> result = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                result.complete(jobs.run(JobOrders.of(python, "print('on', flush=True)\nwhile True: pass"), heard));
            } catch (InterruptedException | RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        AgentHost.await("its output", () -> heard.words.contains("STDOUT on"));
        agent.close();

        assertThat(result.get(20, TimeUnit.SECONDS).runs().getFirst().status()).isEqualTo(Status.CANCELLED);
        failsWith(ErrorCode.HOST_UNREACHABLE, () -> jobs.run(JobOrders.of(python, ""), heard));
        AgentHost.assertNothingLeft();
        open();
    }

    @Test
    void nothingOfAJobSurvivesTheServerLongerThanToTheNextStart() throws Exception {
        runtime(jobs, "python");
        agent.close();
        Process process = AgentProcess.start("job");
        try {
            assertThat(process.inputReader().readLine()).isEqualTo("started");
            assertThat(AgentHost.leftovers()).isNotEmpty();
        } finally {
            process.destroyForcibly().waitFor();
        }
        open();

        AgentHost.assertNothingLeft();
    }
}
