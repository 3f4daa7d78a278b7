package dev.skerry.host.agent;

import dev.skerry.wire.hosts.Incarnation;
import dev.skerry.wire.hosts.StartSandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * Not a test: how long starts take with a disk, without, and of what is ready, interleaved, and how long finding many
 * again takes.
 */
final class Measured {
    private Measured() {}

    public static void main(String[] arguments) throws Exception {
        AgentHost.own();
        try (LocalAgent agent = AgentHost.open()) {
            List<Double> memory = new ArrayList<>();
            List<Double> disk = new ArrayList<>();
            List<Double> ends = new ArrayList<>();
            List<Double> warm = new ArrayList<>();
            agent.templates();
            AgentReadyTest.fill(agent, 2);
            for (int i = 0; i < 110; i++) {
                memory.add(start(agent, AgentHost::inMemory, new ArrayList<>()));
                disk.add(start(agent, AgentHost::onDisk, ends));
                warm.add(warm(agent));
            }
            print("start of what is ready", warm.subList(10, warm.size()));
            print("start in memory", memory.subList(10, memory.size()));
            print("start on disk", disk.subList(10, disk.size()));
            print("destroy on disk", ends.subList(10, ends.size()));
        }
        try (LocalAgent agent = AgentHost.open()) {
            for (int i = 0; i < Integer.parseInt(arguments[0]); i++) {
                agent.start(AgentHost.onDisk(AgentHost.fresh()));
            }
        }
        for (int i = 0; i < 3; i++) {
            long begin = System.nanoTime();
            Duration before = cpu();
            try (LocalAgent agent = AgentHost.open()) {
                System.out.printf(
                        "%d found again in %.0f ms, CPU of this process %d ms%n",
                        agent.list().size(),
                        (System.nanoTime() - begin) / 1e6,
                        cpu().minus(before).toMillis());
            }
        }
        try (LocalAgent agent = AgentHost.open()) {
            agent.list().forEach(sandbox -> {
                agent.destroy(sandbox.incarnation(), Duration.ZERO);
                agent.discardDisk(sandbox.incarnation().id());
            });
        }
        AgentHost.assertNothingLeft();
    }

    private static Duration cpu() {
        return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    private static double start(LocalAgent agent, Function<Incarnation, StartSandbox> how, List<Double> ends)
            throws InterruptedException {
        Incarnation incarnation = AgentHost.fresh();
        long begin = System.nanoTime();
        agent.start(how.apply(incarnation));
        double took = (System.nanoTime() - begin) / 1e6;
        begin = System.nanoTime();
        agent.destroy(incarnation, Duration.ZERO);
        ends.add((System.nanoTime() - begin) / 1e6);
        agent.discardDisk(incarnation.id());
        return took;
    }

    private static double warm(LocalAgent agent) throws InterruptedException {
        AgentHost.await("two are ready", () -> AgentReadyTest.ready(agent) >= 2);
        long begin = System.nanoTime();
        Incarnation incarnation =
                new Incarnation(agent.reserve(AgentReadyTest.needs()).orElseThrow(), 1);
        boolean warm = agent.start(AgentHost.onDisk(incarnation)).warm();
        double took = (System.nanoTime() - begin) / 1e6;
        agent.destroy(incarnation, Duration.ZERO);
        agent.discardDisk(incarnation.id());
        if (!warm) {
            throw new IllegalStateException("that one was not ready");
        }
        return took;
    }

    private static void print(String what, List<Double> millis) {
        List<Double> sorted = new ArrayList<>(millis);
        Collections.sort(sorted);
        System.out.printf(
                "%s: least %.1f ms, p50 %.1f ms, p95 %.1f ms, n %d%n",
                what,
                sorted.getFirst(),
                sorted.get(sorted.size() / 2),
                sorted.get(sorted.size() * 95 / 100),
                sorted.size());
    }
}
