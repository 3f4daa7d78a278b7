package dev.skerry.server.interpreter;

import dev.skerry.server.sandboxes.LiveSandbox;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.FileInfo;
import dev.skerry.wire.stream.GuestProcess;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

/** Starts kernels in one sandbox, and finds those that run. */
final class KernelLauncher {
    static final String HOME = "/home/user";

    private static final String USER = "user";
    private static final Duration START_BOUND = Duration.ofSeconds(60);
    private static final int TOKEN_BYTES = 16;
    private static final Map<String, String> ENVIRONMENT = Map.ofEntries(
            Map.entry("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            Map.entry("HOME", HOME),
            Map.entry("USER", USER),
            Map.entry("LOGNAME", USER),
            Map.entry("SHELL", "/bin/bash"),
            Map.entry("LANG", "C.UTF-8"),
            // It writes there what it finds out about fonts; the home folder may not exist.
            Map.entry("MPLCONFIGDIR", "/tmp/.matplotlib"));

    private final LiveSandbox sandbox;
    private final KernelPrograms programs;
    private final LargeResults.Share share;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();

    KernelLauncher(LiveSandbox sandbox, KernelPrograms programs, LargeResults.Share share, InstantSource clock) {
        this.sandbox = sandbox;
        this.programs = programs;
        this.share = share;
        this.clock = clock;
    }

    /**
     * A kernel that is ready.
     *
     * @throws Failure {@code INVALID_REQUEST} when the folder does not exist, {@code NOT_FOUND} when the sandbox has no
     *     program for the language
     */
    Kernel start(String context, Language language, boolean standing, String folder) throws InterruptedException {
        checkFolder(folder);
        byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        String token = HexFormat.of().formatHex(bytes);
        Map<String, String> environment = new LinkedHashMap<>(ENVIRONMENT);
        environment.putAll(sandbox.sandbox().config().environment());
        ExecRequest request = ExecRequest.of(programs.arguments(language))
                .withEnv(environment)
                .in(folder)
                .as(USER)
                .withInput()
                .tagged(new KernelTag(context, language, standing, token, folder).text());
        Kernel kernel = new Kernel(exec(language, request), language, share, clock, true);
        kernel.read(token);
        boolean ready = false;
        try {
            kernel.write(programs.setup(language, token));
            ready = kernel.answers(kernel.ask(), START_BOUND);
        } finally {
            if (!ready) {
                kernel.kill();
            }
        }
        if (!ready) {
            throw new Failure(
                    ErrorCode.DEADLINE_EXCEEDED,
                    "the " + language.title() + " kernel did not start within " + START_BOUND.toSeconds() + " s");
        }
        return kernel;
    }

    private GuestProcess exec(Language language, ExecRequest request) throws InterruptedException {
        try {
            boolean sudo = sandbox.sandbox().config().privilege() == Privilege.SUDO;
            return sandbox.guest().exec(sudo ? request.unconfined() : request);
        } catch (Failure e) {
            if (e.code() == ErrorCode.NOT_FOUND && !noUser(e)) {
                throw KernelDeath.missing(language);
            }
            throw e;
        }
    }

    private void checkFolder(String folder) throws InterruptedException {
        boolean there;
        try {
            there = sandbox.guest().files().as(USER).stat(folder).type() == FileInfo.Type.DIRECTORY;
        } catch (Failure e) {
            if (noUser(e)) {
                throw new Failure(
                        ErrorCode.NOT_FOUND,
                        "code runs as the user '" + USER + "', which this sandbox does not have",
                        "use a template that has it");
            }
            if (e.code() != ErrorCode.NOT_FOUND) {
                throw e;
            }
            there = false;
        }
        if (!there) {
            throw new Failure(ErrorCode.INVALID_REQUEST, "cwd '" + folder + "' does not exist", "name a folder");
        }
    }

    /** As guestd says it. */
    private static boolean noUser(Failure e) {
        return e.getMessage().startsWith("no user ");
    }

    /** One that an earlier server started. */
    Kernel attach(long process, KernelTag tag) throws InterruptedException {
        GuestProcess shown = sandbox.guest().processes().attach(process);
        Kernel kernel = new Kernel(shown, tag.language(), share, clock, false);
        kernel.read(tag.token());
        return kernel;
    }
}
