package dev.skerry.host.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.Isolation;
import dev.skerry.wire.Limits;
import dev.skerry.wire.SandboxId;
import dev.skerry.wire.hosts.HostListener;
import dev.skerry.wire.hosts.Incarnation;
import java.lang.reflect.Proxy;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A test that fails leaves nothing on this host, and one that does not is looked at as it is. */
class LeftBehindTest {
    private final TestHost host = TestHost.make();

    /** Of a test with that outcome. */
    private static ExtensionContext after(Optional<Throwable> failure) {
        return (ExtensionContext) Proxy.newProxyInstance(
                LeftBehindTest.class.getClassLoader(), new Class<?>[] {ExtensionContext.class}, (_, method, _) -> {
                    assertThat(method.getName()).isEqualTo("getExecutionException");
                    return failure;
                });
    }

    @Test
    void whatAFailedTestHasLeftIsRemoved() {
        SandboxSpec spec = SandboxSpec.base(Isolation.CONTAINER, Limits.DEFAULT);
        Incarnation incarnation =
                new Incarnation(SandboxId.create(InstantSource.system().instant(), new SecureRandom()), 1);
        try (Engine engine = host.engine()) {
            engine.create(spec.named("runs"));
            Sandbox ended = engine.start(incarnation, spec, Optional.empty(), HostListener.NOBODY);
            engine.kill(ended.id().text());
        }
        TestHost.LEFT_BEHIND.afterEach(after(Optional.empty()));
        assertThat(TestHost.leftovers()).isNotEmpty();
        TestHost.LEFT_BEHIND.afterEach(after(Optional.of(new AssertionError("red"))));
        host.assertNothingLeft();
    }
}
