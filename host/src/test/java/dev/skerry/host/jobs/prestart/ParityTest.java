package dev.skerry.host.jobs.prestart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.engine.Engine;
import dev.skerry.host.engine.LeftBehind;
import dev.skerry.host.engine.TestHost;
import dev.skerry.host.jobs.Language;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A corpus of programs, each run by an interpreter that was started for it and by one that had waited: what it reads
 * of itself, what it writes and how it ends is the same. And each program of the corpus tells at least one interpreter
 * that waits in some other way, or it would prove nothing.
 */
class ParityTest {
    @RegisterExtension
    private final LeftBehind leftBehind = TestHost.LEFT_BEHIND;

    private final TestHost host = TestHost.make();
    private final Engine engine = host.engine();

    @AfterEach
    void nothingIsLeft() {
        engine.close();
        host.assertNothingLeft();
    }

    @Test
    void pythonProgramsCannotTell() throws Exception {
        List<Program> programs = new ArrayList<>(Program.all("python.txt"));
        programs.addFirst(Program.of("facts", "facts.py"));
        compare(Language.PYTHON, programs);
    }

    @Test
    void nodeProgramsCannotTell() throws Exception {
        List<Program> programs = new ArrayList<>(Program.all("node.txt"));
        programs.addFirst(Program.of("facts", "facts.js"));
        compare(Language.JAVASCRIPT, programs);
    }

    @Test
    void javaProgramsCannotTell() throws Exception {
        List<Program> programs = new ArrayList<>(Program.all("java.txt"));
        programs.addFirst(Program.of("facts", "Facts.java"));
        compare(Language.JAVA, programs);
    }

    private void compare(Language language, List<Program> programs) throws Exception {
        Map<String, String> differences = new LinkedHashMap<>();
        List<String> blind = new ArrayList<>();
        try (Rig rig = new Rig(engine, language, Rig.ROOMY)) {
            rig.prestart(programs.size());
            var placing = new Placing(rig);
            for (Program program : programs) {
                placing.put(program);
                Observed cold = rig.cold(program.stdin());
                String difference = Observed.difference(cold, rig.prestarted(program.stdin()));
                if (!difference.isEmpty()) {
                    // What chance does, it does not do each time.
                    difference = again(rig, placing, program);
                }
                if (!difference.isEmpty()) {
                    differences.put(program.name(), difference);
                }
                if (WrongGate.of(language).stream()
                        .allMatch(gate -> Observed.difference(cold, gate.run(rig, program.stdin()))
                                .isEmpty())) {
                    blind.add(program.name());
                }
            }
        }
        assertThat(differences).isEmpty();
        assertThat(blind).as("programs that no wrong way to wait is seen by").isEmpty();
    }

    private static String again(Rig rig, Placing placing, Program program) throws InterruptedException {
        Observed cold = rig.cold(program.stdin());
        placing.clear();
        rig.prestart(1);
        placing.put(program);
        return Observed.difference(cold, rig.prestartedLast(program.stdin()));
    }
}
