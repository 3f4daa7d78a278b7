package dev.skerry.host.jobs.prestart;

import dev.skerry.host.jobs.Language;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Ways to have an interpreter wait that a program can tell, each by something else: these the corpus must find.
 *
 * @param words the command
 * @param environment what it had when it started
 */
record WrongGate(List<String> words, Map<String, String> environment) {
    /** That which most programs tell comes first: who has told one need not be asked for the others. */
    static List<WrongGate> of(Language language) {
        return switch (language) {
            case PYTHON -> python();
            case JAVASCRIPT -> node();
            case JAVA -> java();
            default -> List.of();
        };
    }

    Observed run(Rig rig, byte[] stdin) {
        return rig.anew(rig.start(words, environment, Rig.LIMITS), stdin);
    }

    private static List<WrongGate> python() {
        String run = """
            import atexit, os, signal, sys
            sys.argv[:] = ['/box/main.py']
            sys.path[0] = '/box'
            def program():
                import runpy
                runpy.run_path('/box/main.py', run_name='__main__')
            """;
        List<WrongGate> gates = new ArrayList<>();
        for (String script : List.of(
                // One that says when it is ready.
                run + "print('ready'); program()",
                run + "program()",
                // One that reads ahead, and lives in the environment of its start.
                run + "sys.stdin.read(); program()",
                // One that takes every end for a good one.
                run + "try:\n    program()\nexcept BaseException as e:\n    sys.stderr.write(repr(e))\nos._exit(0)",
                // One that waits with signals ignored, and forks.
                run + """
                    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                        signal.signal(number, signal.SIG_IGN)
                    if os.fork() == 0:
                        program()
                    else:
                        sys.exit(os.waitstatus_to_exitcode(os.wait()[1]) & 255)
                    """)) {
            gates.add(new WrongGate(List.of("/usr/bin/python3", "-c", script), Map.of()));
        }
        return gates;
    }

    private static List<WrongGate> node() {
        String run = "process.argv[1] = '/box/main.js';";
        String require = "require('/box/main.js');";
        List<WrongGate> gates = new ArrayList<>();
        for (String script : List.of(
                run + "console.log('ready');" + require,
                run + require,
                run + "require('fs').readFileSync(0);" + require,
                run + "process.on('uncaughtException', () => {}); process.on('exit', () => process.reallyExit(0));"
                        + "for (const name of ['TERM', 'INT']) process.on('SIG' + name, () => {});" + require)) {
            gates.add(new WrongGate(List.of("/usr/bin/node", "-e", script), Map.of()));
        }
        return gates;
    }

    private static List<WrongGate> java() {
        List<WrongGate> gates = new ArrayList<>();
        for (String how : List.of("ready", "plain", "ahead", "good")) {
            gates.add(new WrongGate(
                    List.of("/usr/bin/java", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", "/box/.build", "Harness", how),
                    Map.of()));
        }
        return gates;
    }
}
