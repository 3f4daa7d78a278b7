package dev.skerry.host.seccomp;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The system calls of a sandbox on one architecture, for both privilege profiles. Immutable. Loading and compiling
 * takes some milliseconds: once per program is enough.
 */
public final class SeccompProfile {
    private final Arch arch;
    private final NavigableMap<Integer, Syscall> calls;

    /** A known number: its name, and what the list says of it. */
    record Syscall(String name, SyscallRule rule) {}

    private SeccompProfile(Arch arch, NavigableMap<Integer, Syscall> calls) {
        this.arch = arch;
        this.calls = calls;
    }

    public static SeccompProfile load(Arch arch) {
        var rules = SyscallList.rules();
        refuseUnknownNames(rules);
        var calls = new TreeMap<Integer, Syscall>();
        SyscallList.numbers(arch)
                .forEach((name, number) -> calls.put(
                        number, new Syscall(name, rules.getOrDefault(name, new SyscallRule.Always(Ruling.EPERM)))));
        return new SeccompProfile(arch, calls);
    }

    /** A name that no architecture has is a misspelling, and would silently refuse what was meant. */
    private static void refuseUnknownNames(Map<String, SyscallRule> rules) {
        var unknown = new TreeSet<>(rules.keySet());
        for (var arch : Arch.values()) {
            unknown.removeAll(SyscallList.numbers(arch).keySet());
        }
        if (!unknown.isEmpty()) {
            throw new IllegalStateException("no architecture has the system calls " + unknown);
        }
    }

    public Arch arch() {
        return arch;
    }

    SortedMap<Integer, Syscall> calls() {
        return Collections.unmodifiableNavigableMap(calls);
    }

    /** The highest number that we know; what is above is newer than our tables. */
    int highest() {
        return calls.lastKey();
    }

    /**
     * What the list says of a number: EPERM in the gaps of the table, ENOSYS above it. The number is taken as unsigned.
     */
    SyscallRule rule(int number) {
        var call = calls.get(number);
        if (call != null) {
            return call.rule();
        }
        boolean above = Integer.compareUnsigned(number, highest()) > 0;
        return new SyscallRule.Always(above ? Ruling.ENOSYS : Ruling.EPERM);
    }

    /**
     * The filter as an array of {@code struct sock_filter} (linux/filter.h), little-endian, 8 bytes an instruction:
     * what {@code seccomp(2)} and the annotation {@code run.oci.seccomp_bpf_data} (there in base 64) take.
     */
    public byte[] compile() {
        return new FilterCompiler(this).compile();
    }

    /**
     * The same as the object {@code linux.seccomp} of a runtime's configuration, for a runtime that compiles it itself
     * (runc). There the 32-bit and x32 entries end the caller instead of answering ENOSYS: libseccomp offers no other
     * way.
     *
     * @see <a href="https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md">config-linux.md</a>
     */
    public Map<String, Object> toOciJson() {
        var byRule = new LinkedHashMap<SyscallRule, List<String>>();
        calls.values().forEach(call -> byRule.computeIfAbsent(call.rule(), _ -> new ArrayList<>())
                .add(call.name()));
        byRule.remove(new SyscallRule.Always(Ruling.EPERM));
        var json = new LinkedHashMap<String, Object>();
        json.put("defaultAction", "SCMP_ACT_ERRNO");
        json.put("defaultErrnoRet", Ruling.EPERM.errno());
        json.put("architectures", List.of(arch.ociName()));
        json.put(
                "syscalls",
                byRule.entrySet().stream()
                        .flatMap(entry -> OciRule.of(entry.getValue(), entry.getKey()).stream())
                        .toList());
        return json;
    }
}
