package dev.skerry.server.piston;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.wire.jobs.JobHost;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Until all templates have said what they have, nobody is told that there is no such language. */
class LateLanguagesTest {
    private static final String LUA =
            "{\"language\":\"lua\",\"version\":\"5.x\",\"files\":[{\"content\":\"print(1)\"}]}";

    private final AtomicBoolean asking = new AtomicBoolean(true);
    private final JobHost host = (JobHost) Proxy.newProxyInstance(
            JobHost.class.getClassLoader(),
            new Class<?>[] {JobHost.class},
            (_, method, arguments) ->
                    method.getName().equals("asking") ? asking.get() : method.invoke(JobHost.NONE, arguments));

    @Test
    void whoAsksTooEarlyIsToldToAskAgain(@TempDir Path folder) throws Exception {
        try (PistonServer server = new PistonServer(folder)) {
            server.host.jobs = host;
            PistonServer.Answer early = server.execute(LUA).is(503);
            assertThat(early.body().path("message").asString())
                    .startsWith("lua-5.x runtime is not known yet: templates are still being asked");
            assertThat(early.response().headers().firstValue("Retry-After")).isPresent();
            server.execute(LUA.replace("lua", "python").replace("5.x", "3.x")).is(200);
            asking.set(false);
            server.execute(LUA).says(400, "lua-5.x runtime is unknown");
        }
    }
}
