package dev.skerry.host.seccomp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The compiled filter against the list it comes from, and the list against what the design denies. */
class SeccompProfileTest {
    private static final int EAFNOSUPPORT = 97;
    private static final int I386 = 0x40000003;
    private static final int ARM = 0x40000028;
    private static final int X32_BIT = 0x40000000;

    /**
     * Each of them in the place of each argument: the values that rules name, their neighbours, and those with high
     * bits set.
     */
    private static final long[] VALUES = {
        0,
        1,
        2,
        3,
        4,
        8,
        9,
        10,
        11,
        15,
        16,
        17,
        31,
        38,
        40,
        0x11,
        0x5411,
        0x5412,
        0x5413,
        0x541b,
        0x541c,
        0x541d,
        0x20000,
        0x20008,
        0x800,
        0x40022,
        0x40000,
        0x02000000,
        0x04000000,
        0x08000000,
        0x10000000,
        0x20000000,
        0x40000000,
        0x7e020000,
        0x01200011,
        0x3d0f00,
        0xffffffffL,
        -1,
        0x1_0000_0000L,
        0x1_0000_5412L,
        0x1_0000_0001L,
        0xdead_beef_0000_541cL
    };

    @ParameterizedTest
    @EnumSource
    void everyNumberAnswersWhatTheListSays(Arch arch) {
        var profile = SeccompProfile.load(arch);
        var filter = new SeccompInterpreter(profile.compile());
        for (int number : numbers()) {
            var rule = profile.rule(number);
            for (int argument = 0; argument < 6; argument++) {
                for (long value : VALUES) {
                    var arguments = new long[6];
                    arguments[argument] = value;
                    assertThat(filter.run(arch.auditNumber(), number, arguments).result())
                            .as("call %d, argument %d = %x", number, argument, value)
                            .isEqualTo(rule.verdict(arguments).filterResult());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void foreignEntriesAnswerEnosysForEveryNumber(Arch arch) {
        var filter = new SeccompInterpreter(SeccompProfile.load(arch).compile());
        for (int number : numbers()) {
            for (int foreign : new int[] {I386, ARM, 0, ~arch.auditNumber(), arch.auditNumber() & ~0x80000000}) {
                assertThat(filter.run(foreign, number, new long[6]).result()).isEqualTo(0x00050000 | 38);
            }
            assertThat(filter.run(arch.auditNumber(), number | X32_BIT, new long[6])
                            .result())
                    .isEqualTo(0x00050000 | 38);
        }
    }

    @ParameterizedTest
    @EnumSource
    void theFilterIsShort(Arch arch) {
        var profile = SeccompProfile.load(arch);
        var filter = new SeccompInterpreter(profile.compile());
        int longest = IntStream.rangeClosed(0, 500)
                .map(number ->
                        filter.run(arch.auditNumber(), number, new long[6]).steps())
                .max()
                .orElseThrow();
        assertThat(filter.instructions()).isLessThan(400);
        assertThat(longest).isLessThan(20);
    }

    @Test
    void whatTheDesignDeniesIsDeniedAndItsNeighbourIsNot() {
        var profile = SeccompProfile.load(Arch.X86_64);
        for (var name : List.of(
                "unshare",
                "setns",
                "mount",
                "umount2",
                "pivot_root",
                "fsopen",
                "fsmount",
                "fsconfig",
                "fspick",
                "move_mount",
                "open_tree",
                "mount_setattr",
                "io_uring_setup",
                "io_uring_enter",
                "io_uring_register",
                "bpf",
                "userfaultfd",
                "keyctl",
                "add_key",
                "request_key",
                "perf_event_open",
                "kexec_load",
                "kexec_file_load",
                "init_module",
                "finit_module",
                "delete_module",
                "reboot",
                "swapon",
                "swapoff",
                "open_by_handle_at",
                "name_to_handle_at",
                "quotactl",
                "quotactl_fd",
                "acct",
                "settimeofday",
                "clock_settime",
                "clock_adjtime",
                "adjtimex",
                "nfsservctl",
                "syslog",
                "lookup_dcookie",
                "ioperm",
                "iopl",
                "modify_ldt",
                "vhangup",
                "uselib")) {
            assertThat(verdict(profile, name)).as(name).isEqualTo(Ruling.EPERM);
        }
        assertThat(verdict(profile, "clone3")).isEqualTo(Ruling.ENOSYS);
        for (var name : List.of("read", "execve", "ptrace", "process_vm_readv", "futex", "statx", "getrandom")) {
            assertThat(verdict(profile, name)).as(name).isEqualTo(Ruling.ALLOW);
        }
    }

    @Test
    void argumentsDecideWhereTheyShould() {
        var profile = SeccompProfile.load(Arch.X86_64);
        // A thread of libc, a fork, and each new namespace by itself.
        assertThat(verdict(profile, "clone", 0x3d0f00)).isEqualTo(Ruling.ALLOW);
        assertThat(verdict(profile, "clone", 0x01200011)).isEqualTo(Ruling.ALLOW);
        for (int flag : new int[] {0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000}) {
            assertThat(verdict(profile, "clone", flag | 17)).isEqualTo(Ruling.EPERM);
        }
        for (int family = 0; family < 64; family++) {
            boolean allowed = List.of(1, 2, 10).contains(family);
            assertThat(verdict(profile, "socket", family)).isEqualTo(allowed ? Ruling.ALLOW : new Ruling(EAFNOSUPPORT));
        }
        assertThat(verdict(profile, "ioctl", 0, 0x5401)).isEqualTo(Ruling.ALLOW);
        assertThat(verdict(profile, "ioctl", 0, 0x5412)).isEqualTo(Ruling.EPERM);
        assertThat(verdict(profile, "ioctl", 0, 0x1_0000_5412L)).isEqualTo(Ruling.EPERM);
        assertThat(verdict(profile, "ioctl", 0, 0x541c)).isEqualTo(Ruling.EPERM);
        assertThat(verdict(profile, "personality", 0xffffffffL)).isEqualTo(Ruling.ALLOW);
        assertThat(verdict(profile, "personality", 0x40000)).isEqualTo(Ruling.EPERM);
    }

    /** Which belong to the whole machine, and are charged to no memory limit. */
    @ParameterizedTest
    @EnumSource
    void hugePagesAreRefused(Arch arch) {
        var profile = SeccompProfile.load(arch);
        assertThat(verdict(profile, "mmap", 0, 4096, 3, 0x22)).isEqualTo(Ruling.ALLOW);
        assertThat(verdict(profile, "mmap", 0, 4096, 3, 0x40022)).isEqualTo(Ruling.EPERM);
        assertThat(verdict(profile, "mmap", 0, 4096, 3, 0x54040022)).isEqualTo(Ruling.EPERM);
        assertThat(verdict(profile, "memfd_create", 0, 3)).isEqualTo(Ruling.ALLOW);
        assertThat(verdict(profile, "memfd_create", 0, 5)).isEqualTo(Ruling.EPERM);
        assertThat(verdict(profile, "shmget", 0, 4096, 01600)).isEqualTo(Ruling.ALLOW);
        assertThat(verdict(profile, "shmget", 0, 4096, 05600)).isEqualTo(Ruling.EPERM);
    }

    /** SO_ATTACH_FILTER and its like, of level SOL_SOCKET only. */
    @ParameterizedTest
    @EnumSource
    void aCombinationOfTwoArgumentsIsRefused(Arch arch) {
        var profile = SeccompProfile.load(arch);
        var filter = new SeccompInterpreter(profile.compile());
        var entries = entriesByName(profile.toOciJson()).get("setsockopt");
        profile.calls().forEach((number, call) -> {
            for (long level : new long[] {0, 1, 6, 41, 0x1_0000_0001L}) {
                for (long option : new long[] {2, 25, 26, 27, 50, 51, 52, 53, 0x1_0000_001aL}) {
                    if (call.name().equals("setsockopt")) {
                        var arguments = new long[] {3, level, option, 0, 0, 0};
                        boolean refused =
                                (int) level == 1 && List.of(26, 50, 51, 52).contains((int) option);
                        Ruling wanted = refused ? Ruling.EPERM : Ruling.ALLOW;
                        assertThat(call.rule().verdict(arguments)).isEqualTo(wanted);
                        assertThat(filter.run(arch.auditNumber(), number, arguments)
                                        .result())
                                .isEqualTo(wanted.filterResult());
                        assertThat(ociRuling(entries, arguments)).isEqualTo(wanted);
                    }
                }
            }
        });
    }

    @ParameterizedTest
    @EnumSource
    void theOciFormSaysTheSame(Arch arch) {
        var profile = SeccompProfile.load(arch);
        var json = profile.toOciJson();
        assertThat(json)
                .containsEntry("defaultAction", "SCMP_ACT_ERRNO")
                .containsEntry("defaultErrnoRet", 1)
                .containsEntry("architectures", List.of("SCMP_ARCH_" + arch.name()));
        var byName = entriesByName(json);
        profile.calls().forEach((number, call) -> {
            for (int argument = 0; argument < 6; argument++) {
                for (long value : VALUES) {
                    var arguments = new long[6];
                    arguments[argument] = value;
                    assertThat(ociRuling(byName.getOrDefault(call.name(), List.of()), arguments))
                            .as("%s, argument %d = %x", call.name(), argument, value)
                            .isEqualTo(call.rule().verdict(arguments));
                }
            }
        });
    }

    @Test
    void theTableIsThatOfTheInstalledHeaders() throws IOException, InterruptedException {
        var gcc = new ProcessBuilder("gcc", "-E", "-dM", "-")
                .redirectErrorStream(true)
                .start();
        try (var input = gcc.outputWriter(StandardCharsets.US_ASCII)) {
            input.write("#include <asm/unistd_64.h>\n");
        }
        var headers = new HashMap<String, Integer>();
        try (var output = gcc.inputReader(StandardCharsets.US_ASCII)) {
            output.lines()
                    .filter(line -> line.matches("#define __NR_\\w+ \\d+"))
                    .map(line -> line.split(" ", -1))
                    .forEach(words -> headers.put(words[1].substring("__NR_".length()), Integer.valueOf(words[2])));
        }
        assertThat(gcc.waitFor()).as("apt-get install gcc linux-libc-dev").isZero();
        var profile = SeccompProfile.load(Arch.X86_64);
        var table = SyscallList.numbers(Arch.X86_64);
        assertThat(headers)
                .as("newer headers may have more, none may say otherwise")
                .containsAllEntriesOf(table);
        headers.forEach((name, number) -> {
            if (number <= profile.highest()) {
                assertThat(table).containsEntry(name, number);
            }
        });
    }

    @Test
    void misspeltConditionsAreRefused() {
        for (var bad : List.of("arg6 in 1", "arg0 & 1", "errno x", "arg0 == 1", "allow", "arg0 in ")) {
            assertThatThrownBy(() -> SyscallRule.parse(bad)).isInstanceOf(IllegalStateException.class);
        }
    }

    private static int[] numbers() {
        var edges = IntStream.of(
                512,
                547,
                1000,
                4095,
                X32_BIT - 1,
                X32_BIT,
                X32_BIT + 512,
                Integer.MAX_VALUE,
                Integer.MIN_VALUE,
                -2,
                -1);
        return IntStream.concat(IntStream.rangeClosed(0, 500), edges).toArray();
    }

    private static Ruling verdict(SeccompProfile profile, String name, long... arguments) {
        var six = Arrays.copyOf(arguments, 6);
        int number = SyscallList.numbers(profile.arch()).get(name);
        int result = new SeccompInterpreter(profile.compile())
                .run(profile.arch().auditNumber(), number, six)
                .result();
        return new Ruling(result == Ruling.ALLOW.filterResult() ? 0 : result & 0xffff);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, List<Map<String, Object>>> entriesByName(Map<String, Object> json) {
        var byName = new HashMap<String, List<Map<String, Object>>>();
        for (var entry : (List<Map<String, Object>>) json.get("syscalls")) {
            for (var name : (List<String>) entry.get("names")) {
                byName.computeIfAbsent(name, _ -> new ArrayList<>()).add(entry);
            }
        }
        return byName;
    }

    /** As libseccomp does: 64 bits, entries are alternatives, no entry is the default. */
    @SuppressWarnings("unchecked")
    private static Ruling ociRuling(List<Map<String, Object>> entries, long[] arguments) {
        for (var entry : entries) {
            var conditions = (List<Map<String, Object>>) entry.getOrDefault("args", List.of());
            boolean met = conditions.stream().allMatch(condition -> {
                assertThat(condition.get("op")).isEqualTo("SCMP_CMP_MASKED_EQ");
                long argument = arguments[(int) condition.get("index")];
                return (argument & (long) condition.get("value")) == (long) condition.get("valueTwo");
            });
            if (met) {
                return new Ruling((int) entry.getOrDefault("errnoRet", 0));
            }
        }
        return Ruling.EPERM;
    }
}
