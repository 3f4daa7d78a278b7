package dev.skerry.guest;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A virtual machine without KVM: every instruction is translated, so programs take ten to thirty times as long. It has
 * no network. It boots, runs the unit {@code skerry-tests} and powers itself off.
 */
final class QemuMachine {
    private static final int RESULTS_BYTES = 64 << 20;
    private static final Duration UNPACK_BOUND = Duration.ofMinutes(1);

    /**
     * no_timer_check: on a busy machine the timer is late when Linux looks whether it works at all. Not tsc=reliable,
     * which saves a fifth of the CPU time: measured on a busy machine the counter was wrong, and the clock 20 times too
     * fast.
     */
    private static final String KERNEL_OPTIONS =
            "console=ttyS0 root=/dev/nvme0n1 rw quiet loglevel=4 panic=-1 no_timer_check";

    private static final List<String> HARDWARE = List.of(
            "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "3072", "-nodefaults", "-display", "none");

    private final DebianImage debian;
    private final Payload payload;
    private final Path work;

    QemuMachine(DebianImage debian, Payload payload, Path work) {
        this.debian = debian;
        this.payload = payload;
        this.work = work;
    }

    /** What it printed on its console. */
    Path console() {
        return work.resolve("console.log");
    }

    /**
     * Runs it until it powers off.
     *
     * @return the folder of results
     */
    Path run(Duration bound) throws IOException, InterruptedException {
        Path disk = work.resolve("results.img");
        try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
            file.setLength(RESULTS_BYTES);
        }
        List<String> arguments = new ArrayList<>(HARDWARE);
        arguments.addAll(List.of("-no-reboot", "-serial", "file:" + console()));
        arguments.addAll(List.of("-kernel", debian.kernel().toString()));
        arguments.addAll(List.of("-append", KERNEL_OPTIONS));
        arguments.addAll(drive("root", debian.root(), "snapshot=on"));
        arguments.addAll(drive("payload", payload.image(), "readonly=on"));
        arguments.addAll(drive("results", disk, "cache=unsafe"));
        Tool.QEMU.run(work.resolve("qemu.log"), bound, arguments);
        Path results = Files.createDirectory(work.resolve("results"));
        Tool.TAR.run(work.resolve("tar.log"), UNPACK_BOUND, List.of("-C", results.toString(), "-xf", disk.toString()));
        return results;
    }

    private static List<String> drive(String name, Path image, String option) {
        return List.of(
                "-drive",
                "if=none,format=raw,id=" + name + ",file=" + image + "," + option,
                "-device",
                "nvme,serial=" + name + ",drive=" + name);
    }
}
