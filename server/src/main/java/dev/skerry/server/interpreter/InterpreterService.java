package dev.skerry.server.interpreter;

import dev.skerry.server.gateway.SandboxService;
import dev.skerry.server.http.Exchange;
import dev.skerry.server.http.Handler;
import dev.skerry.server.http.Route;
import dev.skerry.server.http.Routes;
import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.server.tenants.SandboxTokens;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.SandboxId;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The code interpreter's HTTP API, as npm's {@code @e2b/code-interpreter} and PyPI's {@code e2b-code-interpreter} use
 * it. Errors are plain text: the clients show it for 404. A client that goes away interrupts what it runs.
 */
public final class InterpreterService implements SandboxService {
    public static final int PORT = 49_999;

    private static final Logger LOG = LoggerFactory.getLogger(InterpreterService.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final SandboxTokens tokens;
    private final InstantSource clock;
    private final Duration patience;
    private final KernelPrograms programs = new KernelPrograms();
    private final LargeResults large = new LargeResults();
    private final Map<SandboxId, Interpreter> interpreters = new ConcurrentHashMap<>();

    public InterpreterService(SandboxTokens tokens, InstantSource clock) {
        this(tokens, clock, PATIENCE);
    }

    InterpreterService(SandboxTokens tokens, InstantSource clock, Duration patience) {
        this.tokens = tokens;
        this.clock = clock;
        this.patience = patience;
    }

    /** Whether a process inside is one of ours, by its label: a tenant's list of processes leaves it out. */
    public static boolean owns(String processTag) {
        return processTag.startsWith(KernelTag.PREFIX);
    }

    @Override
    public void handle(Exchange exchange, LiveSandbox sandbox) throws IOException, InterruptedException {
        try {
            routes(sandbox).handle(exchange);
        } catch (Failure e) {
            if (exchange.answered() || e.code() == ErrorCode.SANDBOX_GONE) {
                throw e;
            }
            if (e.code().kind() == ErrorCode.Kind.BUG) {
                report(exchange, e);
            }
            refuse(exchange, e);
        } catch (RuntimeException e) {
            report(exchange, e);
            if (exchange.answered()) {
                throw e;
            }
            exchange.text(ErrorCode.INTERNAL.status(), "an error of the server, request " + exchange.requestId());
        }
    }

    private static void report(Exchange exchange, RuntimeException e) {
        LOG.atError()
                .addKeyValue("request", exchange.requestId())
                .setCause(e)
                .log("a request to the code interpreter failed");
    }

    private static void refuse(Exchange exchange, Failure e) throws IOException {
        String hint = e.hint().map(text -> " (" + text + ")").orElse("");
        exchange.text(e.code().status(), e.getMessage() + hint);
    }

    private Routes routes(LiveSandbox sandbox) {
        Access access = new Access(tokens, sandbox);
        return new Routes(List.of(
                new Route("GET", "/health", "Whether it is there", exchange -> exchange.text(200, "OK")),
                new Route("POST", "/execute", "Runs a cell", exchange -> {
                    access.checkToken(exchange);
                    new ExecuteCall(interpreter(sandbox), exchange).run();
                }),
                new Route("GET", "/contexts", "Lists contexts", visited(access, exchange -> list(exchange, sandbox))),
                new Route("POST", "/contexts", "Makes a context", visited(access, exchange -> make(exchange, sandbox))),
                new Route("DELETE", "/contexts/{id}", "Removes a context", visited(access, exchange -> {
                    interpreter(sandbox).remove(exchange.variable("id"));
                    exchange.empty(204);
                })),
                new Route("POST", "/contexts/{id}/restart", "Empties a context", visited(access, exchange -> {
                    interpreter(sandbox).get(exchange.variable("id")).restart();
                    exchange.empty(204);
                })),
                new Route("POST", "/contexts/{id}/interrupt", "Stops what a context runs", exchange -> {
                    access.checkToken(exchange);
                    interpreter(sandbox).get(exchange.variable("id")).interrupt();
                    exchange.empty(204);
                })));
    }

    private static Handler visited(Access access, Handler next) {
        return exchange -> {
            access.checkVisit(exchange);
            next.handle(exchange);
        };
    }

    private Interpreter interpreter(LiveSandbox sandbox) {
        interpreters.values().removeIf(interpreter -> interpreter.guest().closed());
        return interpreters.compute(sandbox.sandbox().id(), (_, now) -> {
            if (now != null && now.guest() == sandbox.guest()) {
                return now;
            }
            // After a pause or a restart it is another connection to the same kernels.
            KernelLauncher launcher = new KernelLauncher(sandbox, programs, large.share(), clock);
            return new Interpreter(sandbox.guest(), launcher, patience);
        });
    }

    private void list(Exchange exchange, LiveSandbox sandbox) throws IOException, InterruptedException {
        ArrayNode all = Lines.JSON.createArrayNode();
        for (CodeContext context : interpreter(sandbox).list()) {
            all.add(shown(context));
        }
        exchange.json(200, all);
    }

    private void make(Exchange exchange, LiveSandbox sandbox) throws IOException, InterruptedException {
        Fields fields = Fields.of(exchange);
        Language language = Language.of(fields.text("language").orElse("python"));
        String folder = fields.text("cwd").orElse(KernelLauncher.HOME);
        exchange.json(200, shown(interpreter(sandbox).make(language, folder)));
    }

    private static ObjectNode shown(CodeContext context) {
        ObjectNode object = Lines.JSON.createObjectNode();
        object.put("id", context.id());
        object.put("language", context.language().id());
        object.put("cwd", context.folder());
        return object;
    }
}
