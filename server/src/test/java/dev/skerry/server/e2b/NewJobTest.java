package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.http.Exchange;
import dev.skerry.server.jobs.FakeJobHost;
import dev.skerry.server.jobs.JobQueue;
import dev.skerry.server.jobs.JobWork;
import dev.skerry.server.sandboxes.SandboxConfig;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.SandboxSettings;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.jobs.JobOrder;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What becomes of requests for jobs and sandboxes, by the server's settings. */
class NewJobTest {
    private static JobWork read(Isolation setting, String more) {
        var queue = new JobQueue(new FakeJobHost(), JobSettings.DEFAULT, InstantSource.system());
        return new NewJob(queue, settings(setting)).read(TenantId.DEFAULT, program("python", more));
    }

    private static String program(String language, String more) {
        return "{\"language\":\"" + language + "\",\"files\":[{\"content\":\"cat\"}]" + more + "}";
    }

    private static SandboxSettings settings(Isolation isolation) {
        SandboxSettings some = SandboxSettings.DEFAULT;
        return new SandboxSettings(
                isolation,
                some.launcher(),
                some.cpuMillis(),
                some.memoryBytes(),
                some.diskBytes(),
                some.diskInodes(),
                some.processes(),
                some.timeoutMax(),
                some.resumeTimeout(),
                some.runningMax());
    }

    private static Duration life(JobOrder order) {
        return order.limits().wallTime().orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "CONTAINER, container, CONTAINER",
        "CONTAINER, gvisor, GVISOR",
        "GVISOR, container, GVISOR",
        "GVISOR, gvisor, GVISOR",
        "GVISOR, microvm, MICROVM",
    })
    void aRequestMayAskForMoreThanTheSettingNotForLess(Isolation setting, String asked, Isolation floor) {
        String isolation = ",\"isolation\":\"" + asked + "\"";
        assertThat(read(setting, isolation).submission().order().floor()).isEqualTo(floor);
        JobWork pair = read(setting, isolation + ",\"interactor\":" + program("c", isolation));
        assertThat(pair.interactor().orElseThrow().floor()).isEqualTo(floor);
        Body body = new Body(Exchange.JSON.readTree("{\"skerry\":{\"isolation\":\"" + asked + "\"}}"), "");
        SandboxConfig config = NewSandbox.parse(body, NewSandbox.Dialect.V2, settings(setting))
                .config("base", Optional.empty(), settings(setting));
        assertThat(config.floor()).isEqualTo(floor);
    }

    @Test
    void aJobAloneLivesForItsLimitsAndABitMore() {
        String cases = ",\"compile\":{\"wallMillis\":20000},\"cases\":[{\"limits\":{\"wallMillis\":1000}},{}]";
        assertThat(life(read(Isolation.CONTAINER, cases).submission().order())).isEqualTo(Duration.ofSeconds(56));
    }

    /** Each waits for the other's compiler, and in every case for the other's end: 60 s, three times 90 s, and 30 s. */
    @ParameterizedTest
    @CsvSource({"60000, 1000, 500, 90000", "1000, 60000, 90000, 500"})
    void whoTalksLivesAsLongAsBothMayTake(long compile, long otherCompile, long run, long otherRun) {
        JobWork work = read(Isolation.CONTAINER, pair(compile, otherCompile, run, otherRun));
        Duration both = Duration.ofMinutes(6);
        assertThat(life(work.submission().order())).isEqualTo(both);
        assertThat(life(work.interactor().orElseThrow())).isEqualTo(both);
    }

    @Test
    void twoThatMayTakeTooLongTogetherAreRefused() {
        String cases = ",\"cases\":[" + "{\"limits\":{\"wallMillis\":600000}},".repeat(3) + "{},{},{},{}]";
        String brief = ",\"interactor\":" + program("c", limits(1000, 400_000)) + limits(1000, 500) + cases;
        assertThat(read(Isolation.CONTAINER, brief).interactor()).isPresent();
        String lengthy = brief.replace("400000", "500000");
        assertThatThrownBy(() -> read(Isolation.CONTAINER, lengthy))
                .isInstanceOf(Failure.class)
                .hasMessageContaining("all cases together may run for 60 minutes");
    }

    private static String pair(long compile, long otherCompile, long run, long otherRun) {
        return ",\"interactor\":" + program("c", limits(otherCompile, otherRun)) + limits(compile, run)
                + ",\"cases\":[{},{},{}]";
    }

    private static String limits(long compile, long run) {
        return ",\"compile\":{\"wallMillis\":" + compile + "},\"run\":{\"wallMillis\":" + run + "}";
    }
}
