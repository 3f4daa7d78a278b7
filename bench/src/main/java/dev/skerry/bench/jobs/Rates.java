package dev.skerry.bench.jobs;

import dev.skerry.bench.Contest;
import dev.skerry.bench.Distribution;
import dev.skerry.bench.serving.Callers;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How many a second several callers get, in blocks that take turns with bare processes. */
final class Rates {
    private static final int BLOCKS = 4;
    private static final int CALLS = 15;

    private Rates() {}

    /** @param command of the program as a bare process */
    static Contest.Result measure(JobCalls jobs, String command, List<Integer> callers) throws Exception {
        Map<String, Distribution> sides = new LinkedHashMap<>();
        for (int count : callers) {
            Callers bare = new Callers();
            Callers job = new Callers();
            List<BareShell> shells = new ArrayList<>();
            try {
                List<Callers.Action> alone = new ArrayList<>();
                List<Callers.Action> together = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    BareShell shell = new BareShell();
                    shells.add(shell);
                    alone.add(() -> shell.run(command, jobs.program().prints()));
                    together.add(jobs::run);
                }
                for (int block = -1; block < BLOCKS; block++) {
                    if (block == 0) {
                        bare.forget();
                        job.forget();
                    }
                    bare.round(alone, CALLS);
                    job.round(together, CALLS);
                }
            } finally {
                close(shells);
            }
            sides.put(bare(count), bare.rates());
            sides.put(job(count), job.rates());
        }
        return new Contest.Result(jobs.program().name() + ": how many a second", sides);
    }

    static String bare(int callers) {
        return "bare processes, " + callers + " callers";
    }

    static String job(int callers) {
        return "jobs, " + callers + " callers";
    }

    private static void close(List<BareShell> shells) throws IOException {
        for (BareShell shell : shells) {
            shell.close();
        }
    }
}
