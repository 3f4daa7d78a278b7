package dev.skerry.host.engine;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.stream.ExecRequest;
import java.time.Duration;

/** A process that makes, uses and ends sandboxes until it is killed; for {@link CrashAnywhereTest}. */
final class Churn {
    private Churn() {}

    public static void main(String[] arguments) throws Exception {
        Engine engine = TestHost.sharing().engine();
        for (int i = 0; i < 2; i++) {
            Thread.ofPlatform().start(() -> churn(engine));
        }
        System.out.println("started");
    }

    private static void churn(Engine engine) {
        try {
            while (true) {
                Sandbox sandbox = engine.create(SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT));
                sandbox.guest().exec(ExecRequest.of("/bin/true")).await(Duration.ofSeconds(20));
                sandbox.destroy();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
