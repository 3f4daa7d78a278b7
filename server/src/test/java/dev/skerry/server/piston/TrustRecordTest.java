package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.http.Listener.Address;
import dev.skerry.server.operations.RequestLog;
import dev.skerry.server.settings.PistonSettings;
import dev.skerry.server.settings.TrustPolicy;
import dev.skerry.server.tenants.RateLimits;
import dev.skerry.wire.Isolation;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is kept of the decision how strongly a job is walled off: in its answer, and in its request's log record. */
class TrustRecordTest {
    private final Logger logger = Logger.getLogger(RequestLog.class.getName());
    private final BlockingQueue<String> records = new LinkedBlockingQueue<>();
    private final Handler recorder = new Handler() {
        @Override
        public void publish(LogRecord entry) {
            records.add(entry.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    private PistonServer server;

    @BeforeEach
    void open(@TempDir Path folder) {
        logger.addHandler(recorder);
        server = new PistonServer(
                folder,
                PistonSettings.DEFAULT.with(new PistonSettings.Overrides(
                        Optional.of(Address.parse("127.0.0.1:0")),
                        true,
                        Optional.of(Isolation.GVISOR),
                        Optional.empty())),
                RateLimits.NONE);
    }

    @AfterEach
    void close() {
        server.close();
        logger.removeHandler(recorder);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "false, container, \"\", sandboxes.isolation, container",
                "false, gvisor, \"\", request, gvisor",
                "false, container, tenant:default=gvisor, tenant:default=gvisor, gvisor",
                "false, container, label:access:anonymous=microvm, sandboxes.isolation, container",
                "true, container, \"\", piston.anonymous-isolation, gvisor",
                "true, container, label:access:anonymous=microvm, label:access:anonymous=microvm, microvm",
                "true, container, template:base=container, piston.anonymous-isolation, gvisor",
            })
    void theRuleIsInTheAnswerAndInTheLog(boolean anonymous, String asked, String rules, String rule, String floor)
            throws Exception {
        server.jobs.trust(TrustPolicy.parse(rules));
        String more = asked.equals("container") ? "" : ",\"skerry\":{\"isolation\":\"" + asked + "\"}";
        String hello = "{\"language\":\"python\",\"version\":\"3.11.2\",\"files\":[{\"content\":\"x\"}]" + more + "}";
        var answer = anonymous
                ? server.send(true, "POST", "/api/v2/execute", hello, "Content-Type", PistonServer.JSON)
                : server.execute(hello);
        assertThat(answer.is(200).body().get("sandbox").get("trust").toString())
                .isEqualTo("{\"rule\":\"" + rule + "\",\"floor\":\"" + floor + "\"}");
        assertThat(records.poll(20, TimeUnit.SECONDS))
                .contains(
                        " tenant=" + (anonymous ? "anonymous" : "default") + " floor=" + floor + " rule=" + rule + " ");
    }
}
