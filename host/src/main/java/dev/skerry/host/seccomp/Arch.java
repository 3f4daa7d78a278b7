package dev.skerry.host.seccomp;

import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;

/** An architecture that there is a filter for. */
public enum Arch {
    X86_64("x86_64", 0xC000003E, "SCMP_ARCH_X86_64"),
    AARCH64("aarch64", 0xC00000B7, "SCMP_ARCH_AARCH64");

    private final String label;
    private final int auditNumber;
    private final String ociName;

    Arch(String label, int auditNumber, String ociName) {
        this.label = label;
        this.auditNumber = auditNumber;
        this.ociName = ociName;
    }

    /** As {@code uname -m} says it. */
    public String label() {
        return label;
    }

    /** AUDIT_ARCH_* of linux/audit.h: what {@code seccomp_data.arch} is on the native entry. */
    public int auditNumber() {
        return auditNumber;
    }

    String ociName() {
        return ociName;
    }

    /**
     * The architecture that this program runs on.
     *
     * @throws Failure {@code UNSUPPORTED} on any but the two
     */
    public static Arch host() {
        String name = System.getProperty("os.arch");
        return switch (name) {
            case "amd64", "x86_64" -> X86_64;
            case "aarch64" -> AARCH64;
            default ->
                throw new Failure(
                        ErrorCode.UNSUPPORTED, "there is no system call filter for " + name, "use x86-64 or arm64");
        };
    }
}
