package dev.skerry.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * User-mode Linux: Debian's kernel sources as a program of this machine, with one processor. What runs in it are
 * processes here, whose system calls that kernel answers by way of ptrace(2), so programs take two to three times as
 * long and nothing is emulated.
 */
final class UmlMachine extends Machine {
    private static final int MEMORY_MIB = 3072;
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final Duration TRIAL_BOUND = Duration.ofMinutes(1);
    private static final String KERNEL_OPTIONS = "quiet loglevel=4 panic=-1 con=null con0=fd:0,fd:1";

    UmlMachine(DebianImage debian, Payload payload, Path work) {
        super(debian, payload, work);
    }

    /**
     * Whether this machine is one where it works: ptrace may be forbidden, and this kernel does not know the registers
     * of every newer processor. It boots and powers off at once.
     *
     * @param why what it said where it does not
     */
    boolean works(Path why) throws InterruptedException {
        List<String> arguments = arguments(256);
        arguments.addAll(List.of("ubd0r=" + debian.root(), "ro", "init=" + DebianImage.POWER_OFF));
        try {
            tool().run(why, TRIAL_BOUND, arguments);
            return true;
        } catch (AssertionError | IOException e) {
            return false;
        }
    }

    @Override
    void boot(Path results, Duration bound) throws IOException, InterruptedException {
        List<String> arguments = arguments(MEMORY_MIB);
        // What it changes of the image is in a file of this run.
        arguments.add("ubd0=" + work.resolve("root.cow") + "," + debian.root());
        arguments.add("ubd1r=" + payload.image());
        arguments.add("ubd2=" + results);
        arguments.add("rw");
        tool().run(console(), bound, arguments);
        Files.delete(work.resolve("root.cow"));
    }

    private List<String> arguments(int memoryMib) {
        List<String> arguments = new ArrayList<>(List.of(KERNEL_OPTIONS.split(" ", -1)));
        arguments.addAll(List.of("mem=" + memoryMib + "M", "uml_dir=" + work, "root=/dev/ubda"));
        return arguments;
    }

    /** Its memory is a file: in memory where there is room for it, as in most containers there is not. */
    private Tool tool() {
        boolean roomy = SHARED_MEMORY.toFile().getUsableSpace() > (long) MEMORY_MIB << 20;
        Path memory = roomy ? SHARED_MEMORY : work;
        return new Tool(debian.userModeKernel().toString(), "user-mode-linux", Map.of("TMPDIR", memory.toString()));
    }
}
