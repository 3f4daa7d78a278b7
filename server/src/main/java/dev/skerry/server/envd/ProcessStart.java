package dev.skerry.server.envd;

import dev.skerry.server.connect.Code;
import dev.skerry.server.connect.Message;
import dev.skerry.server.connect.RpcError;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import dev.skerry.wire.Privilege;
import dev.skerry.wire.stream.ExecRequest;
import dev.skerry.wire.stream.ExecRequest.TerminalSize;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A request to start a process. */
final class ProcessStart {
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final int ROWS = 24;
    private static final int COLUMNS = 80;
    private static final int TERMINAL_SIDE_MAX = 65_535;

    private final Caller caller;
    private final Account account;
    private final RunningProcess.Origin origin;
    private final ExecRequest exec;

    private ProcessStart(Caller caller, Account account, RunningProcess.Origin origin, ExecRequest exec) {
        this.caller = caller;
        this.account = account;
        this.origin = origin;
        this.exec = exec;
    }

    static ProcessStart of(Caller caller, Message request) throws InterruptedException {
        Message config = request.message("process");
        Account account = caller.account();
        List<String> words = new ArrayList<>(List.of(config.text("cmd")));
        words.addAll(config.texts("args"));
        Optional<String> folder =
                config.optionalText("cwd").filter(path -> !path.isEmpty()).map(account::resolve);
        boolean terminal = request.has("pty");
        boolean input = terminal || !request.has("stdin") || request.flag("stdin");
        RunningProcess.Origin origin = new RunningProcess.Origin(
                config.text("cmd"),
                config.texts("args"),
                config.map("envs"),
                folder,
                request.optionalText("tag"),
                terminal,
                input);
        ExecRequest exec = ExecRequest.of(words)
                .withEnv(environment(caller, account, config.map("envs")))
                .as(account.guestName())
                .droppingOutput();
        if (caller.sandbox().sandbox().config().privilege() == Privilege.SUDO) {
            exec = exec.unconfined();
        }
        if (folder.isPresent()) {
            exec = exec.in(folder.get());
        }
        if (terminal) {
            exec = exec.onTerminal(size(request.message("pty")));
        } else if (input) {
            exec = exec.withInput();
        }
        if (caller.call().timeout().isPresent()) {
            exec = exec.within(caller.call().timeout().get());
        }
        return new ProcessStart(caller, account, origin, exec);
    }

    private static Map<String, String> environment(Caller caller, Account account, Map<String, String> own) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("PATH", PATH);
        all.put("HOME", account.home());
        all.put("USER", account.name());
        all.put("LOGNAME", account.name());
        all.put("SHELL", account.shell().isEmpty() ? "/bin/sh" : account.shell());
        all.put("LANG", "C.UTF-8");
        all.putAll(caller.sandbox().sandbox().config().environment());
        all.putAll(own);
        return all;
    }

    static TerminalSize size(Message pty) {
        Message size = pty.message("size");
        return new TerminalSize(side(size.number("rows"), ROWS), side(size.number("cols"), COLUMNS));
    }

    private static int side(long asked, int otherwise) {
        return asked == 0 ? otherwise : (int) Math.min(asked, TERMINAL_SIDE_MAX);
    }

    /** @throws RpcError that says which part of the request cannot be */
    ProcessTable.Heard run() throws InterruptedException {
        try {
            return caller.session().processes().start(exec, origin);
        } catch (Failure e) {
            throw refused(e);
        }
    }

    private RuntimeException refused(Failure e) throws InterruptedException {
        if (e.code() != ErrorCode.NOT_FOUND && e.code() != ErrorCode.DENIED && e.code() != ErrorCode.INVALID_REQUEST) {
            return e.code() == ErrorCode.CONFLICT ? RpcError.of(Code.INVALID_ARGUMENT, e) : e;
        }
        String folder = origin.folder().orElse(account.home());
        if (!caller.sandbox().guest().files().exists(folder)) {
            return new RpcError(Code.INVALID_ARGUMENT, "cwd '" + folder + "' does not exist");
        }
        return new RpcError(
                Code.INVALID_ARGUMENT, "error starting process '" + origin.command() + "': " + e.getMessage());
    }
}
