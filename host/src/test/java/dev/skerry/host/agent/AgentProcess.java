package dev.skerry.host.agent;

import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.jobs.JobCase;
import dev.skerry.wire.jobs.JobListener;
import dev.skerry.wire.jobs.JobOrder;
import dev.skerry.wire.jobs.PoolPlan.Miss;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A process that holds an agent, as a server does; for {@link AgentCrashTest}. {@code hold N} starts N sandboxes, says
 * so and waits; {@code pool N} does so with N that wait in a pool, {@code job} with one that a job runs in;
 * {@code churn} starts and destroys them until it is killed. {@code ready N} has N that wait for clients, starts one,
 * says its id, and that of another which it has reserved; {@code claim} reserves one, says its id, and starts it when
 * it is told to; {@code claims} starts one after the other and says each.
 */
final class AgentProcess {
    private AgentProcess() {}

    static Process start(String... arguments) throws Exception {
        String[] command = {
            Path.of(System.getProperty("java.home"), "bin/java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-Dskerry.native.dir=" + AgentHost.settings().guestd().getParent(),
            "-Dskerry.test.fork=" + AgentHost.FORK,
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            AgentProcess.class.getName(),
            String.join(" ", arguments)
        };
        return AgentHost.started(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    public static void main(String[] arguments) throws Exception {
        String[] words = arguments[0].split(" ", -1);
        LocalAgent agent = AgentHost.open();
        if (words[0].equals("hold")) {
            for (int i = 0; i < Integer.parseInt(words[1]); i++) {
                agent.start(AgentHost.onDisk(AgentHost.fresh()));
            }
            System.out.println("started");
            Thread.currentThread().join();
        }
        if (words[0].equals("job")) {
            JobOrder order =
                    JobOrders.of(JobOrders.runtime(agent.jobs(), "python"), "print('on', flush=True); input()");
            JobOrder endless = new JobOrder(
                    order.id(),
                    order.runtime(),
                    order.floor(),
                    order.limits(),
                    order.files(),
                    order.environment(),
                    order.compile(),
                    false,
                    List.of(new JobCase(Optional.empty(), List.of(), JobOrders.STAGE)));
            agent.jobs().run(endless, new JobListener() {
                @Override
                public void wrote(Stream stream, byte[] bytes) {
                    System.out.println("started");
                }
            });
        }
        if (words[0].equals("pool")) {
            int members = Integer.parseInt(words[1]);
            agent.jobs().plan(List.of(AgentPoolsTest.plan(members, Miss.COLD)));
            AgentHost.await("a full pool", () -> agent.jobs().pools().getFirst().ready() >= members);
            System.out.println("started");
            Thread.currentThread().join();
        }
        if (words[0].equals("ready")) {
            AgentReadyTest.fill(agent, Integer.parseInt(words[1]));
            Incarnation incarnation = claim(agent);
            AgentHost.shell(agent.guest(incarnation), "echo kept > /root/file");
            System.out.println(incarnation.id());
            System.out.println(agent.reserve(AgentReadyTest.needs()).orElseThrow());
            Thread.currentThread().join();
        }
        if (words[0].equals("claim")) {
            AgentReadyTest.fill(agent, 1);
            SandboxId id = agent.reserve(AgentReadyTest.needs()).orElseThrow();
            System.out.println(id);
            if (System.in.read() >= 0) {
                agent.start(AgentHost.onDisk(new Incarnation(id, 1)));
            }
            Thread.currentThread().join();
        }
        if (words[0].equals("claims")) {
            AgentReadyTest.fill(agent, 6);
            while (true) {
                System.out.println(claim(agent).id());
            }
        }
        System.out.println("started");
        for (int i = 0; i < 2; i++) {
            Thread.ofPlatform().start(() -> churn(agent));
        }
    }

    private static Incarnation claim(LocalAgent agent) throws InterruptedException {
        Optional<SandboxId> id = agent.reserve(AgentReadyTest.needs());
        while (id.isEmpty()) {
            AgentHost.await("one is ready", () -> AgentReadyTest.ready(agent) > 0);
            id = agent.reserve(AgentReadyTest.needs());
        }
        Incarnation incarnation = new Incarnation(id.get(), 1);
        agent.start(AgentHost.onDisk(incarnation));
        return incarnation;
    }

    private static void churn(LocalAgent agent) {
        try {
            while (true) {
                Incarnation incarnation = AgentHost.fresh();
                agent.start(AgentHost.onDisk(incarnation));
                agent.destroy(incarnation, Duration.ofMillis(10));
                agent.start(AgentHost.onDisk(AgentHost.next(incarnation)));
                agent.destroy(AgentHost.next(incarnation), Duration.ZERO);
                agent.discardDisk(incarnation.id());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Failure e) {
            System.err.println(e.code().name().toLowerCase(Locale.ROOT) + ": " + e.getMessage());
            throw e;
        }
    }
}
