package dev.skerry.guest;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Debian's own kernel on two processors that QEMU emulates, without KVM: every instruction is translated, so programs
 * take ten to thirty times as long.
 */
final class QemuMachine extends Machine {
    /**
     * no_timer_check: on a busy machine the timer is late when Linux looks whether it works at all. Not tsc=reliable,
     * which saves a fifth of the CPU time: measured on a busy machine the counter was wrong, and the clock 20 times too
     * fast.
     */
    private static final String KERNEL_OPTIONS =
            "console=ttyS0 root=/dev/nvme0n1 rw quiet loglevel=4 panic=-1 no_timer_check";

    private static final List<String> HARDWARE = List.of(
            "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3072", "-nodefaults", "-display", "none");

    QemuMachine(DebianImage debian, Payload payload, Path work) {
        super(debian, payload, work);
    }

    @Override
    void boot(Path results, Duration bound) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(HARDWARE);
        arguments.addAll(List.of("-no-reboot", "-serial", "file:" + console()));
        arguments.addAll(List.of("-kernel", debian.kernel().toString()));
        arguments.addAll(List.of("-append", KERNEL_OPTIONS));
        // Only read, also by user-mode Linux of another clone, whose lock on it QEMU would take for a writer's.
        arguments.addAll(drive("root", debian.root(), "snapshot=on,file.locking=off"));
        arguments.addAll(drive("payload", payload.image(), "readonly=on"));
        arguments.addAll(drive("results", results, "cache=unsafe"));
        Tool.QEMU.run(work.resolve("qemu.log"), bound, arguments);
    }

    private static List<String> drive(String name, Path image, String option) {
        return List.of(
                "-drive",
                "if=none,format=raw,id=" + name + ",file=" + image + "," + option,
                "-device",
                "nvme,serial=" + name + ",drive=" + name);
    }
}
