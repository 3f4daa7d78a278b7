package dev.skerry.server.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.skerry.server.database.Database;
import dev.skerry.server.leases.Fence;
import dev.skerry.server.secrets.TestSecrets;
import dev.skerry.server.settings.JobSettings;
import dev.skerry.server.settings.Networks;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.TenantId;
import dev.skerry.server.webhooks.WebhookStore;
import dev.skerry.server.webhooks.Webhooks;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What no program should bring about ends its job all the same, and nothing else. */
@Timeout(30)
class BrokenDownJobsTest {
    private static final TenantId ACME = new TenantId("acme");
    private static final String DEEP = "deep";

    private final FakeJobHost host = new FakeJobHost();
    private final InstantSource clock = InstantSource.system();
    private final AtomicInteger breakdowns = new AtomicInteger();
    private volatile String broken = "";
    private Database database;
    private JobQueue queue;
    private Submissions server;

    @BeforeEach
    void open(@TempDir Path folder) {
        database = Database.open(folder.resolve("skerry.db"));
        JobSettings settings = new JobSettings(OptionalInt.of(1), 3, 3, Map.of(), Duration.ofDays(1), TrustPolicy.NONE);
        queue = new JobQueue(host, settings, clock);
        JobStore store = new SqlJobStore(database, TestSecrets.SEALING, Fence.NONE);
        var webhooks = new Webhooks(
                new WebhookStore(database.writer(), database.reader(), TestSecrets.SEALING),
                Networks.parse("127.0.0.0/8"),
                TestSecrets.SEALING,
                clock);
        JobStore watched = WatchedJobStore.of((method, arguments) -> {
            if (method.getName().equals(broken) && breakdowns.incrementAndGet() == 1) {
                throw new StackOverflowError("in " + broken);
            }
            return WatchedJobStore.pass(store, method, arguments);
        });
        server = new Submissions(new Submissions.Parts(
                        queue, watched, webhooks.callbacks(), (_, request) -> read(request), settings, clock))
                .start();
    }

    @AfterEach
    void close() {
        server.close();
        database.close();
    }

    private static JobWork read(String request) {
        if (request.equals(DEEP)) {
            throw new StackOverflowError("in a reader");
        }
        return work();
    }

    private static JobWork work() {
        return new JobWork(Works.by("acme", "u", "hello"), List.of(Optional.empty()), false, Optional.empty());
    }

    private StoredJob hand(String request) {
        return server.hand(new Submissions.Handed(work(), request, request, Optional.empty(), Optional.empty()))
                .job();
    }

    private StoredJob ended(StoredJob job) {
        JobQueueTest.eventually(() -> server.get(ACME, job.token()).ended());
        return server.get(ACME, job.token());
    }

    /** Nothing is left of it, and the one place there is is free. */
    private void othersGoOn() {
        host.breakdown = Optional.empty();
        JobQueueTest.eventually(() -> server.unfinished() == 0 && queue.running() == 0);
        assertThat(ended(hand("hello")).verdict()).isEqualTo("accepted");
    }

    @Test
    void aHostThatBreaksDownEndsTheJob() {
        Error error = new StackOverflowError("in a host");
        host.breakdown = Optional.of(error);
        List<Throwable> causes = Collections.synchronizedList(new ArrayList<>());
        Handler heard = new Heard(causes);
        Logger log = Logger.getLogger(Attempts.class.getName());
        log.addHandler(heard);
        try {
            StoredJob job = ended(hand("hello"));
            assertThat(job.verdict()).isEqualTo("internal_error");
            assertThat(job.attempts()).isEqualTo(1);
            assertThat(job.result()).contains("an error of the server", "\"error\":\"INTERNAL\"");
        } finally {
            log.removeHandler(heard);
        }
        assertThat(causes).singleElement().satisfies(cause -> assertThat(cause).hasRootCause(error));
        othersGoOn();
    }

    @Test
    void whatCannotBeReadIsNotTriedAgain() {
        assertThat(ended(hand(DEEP)).verdict()).isEqualTo("internal_error");
        othersGoOn();
    }

    @Test
    void aStoreThatBreaksDownIsAskedAgain() {
        broken = "end";
        StoredJob job = ended(hand("hello"));
        assertThat(job.verdict()).isEqualTo("accepted");
        assertThat(job.attempts()).isEqualTo(2);
        othersGoOn();
    }

    @Test
    void whoseCallerWaitsGivesItsTurnBack() {
        host.breakdown = Optional.of(new StackOverflowError("in a host"));
        assertThatThrownBy(() -> server.run(work())).isInstanceOf(StackOverflowError.class);
        othersGoOn();
    }

    /** With what cause something is logged. */
    private static final class Heard extends Handler {
        private final List<Throwable> causes;

        private Heard(List<Throwable> causes) {
            this.causes = causes;
        }

        @Override
        public void publish(LogRecord record) {
            causes.add(record.getThrown());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
