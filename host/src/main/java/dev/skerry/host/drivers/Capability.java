package dev.skerry.host.drivers;

import java.util.List;

/** Capabilities that a sandbox may have, with their numbers in linux/capability.h. */
enum Capability {
    CAP_CHOWN(0),
    CAP_DAC_OVERRIDE(1),
    CAP_FOWNER(3),
    CAP_FSETID(4),
    CAP_KILL(5),
    CAP_SETGID(6),
    CAP_SETUID(7),
    CAP_SETPCAP(8),
    CAP_NET_BIND_SERVICE(10),
    CAP_SYS_CHROOT(18),
    CAP_AUDIT_WRITE(29),
    CAP_SETFCAP(31);

    private final int number;

    Capability(int number) {
        this.number = number;
    }

    /** One bit for each. */
    static long bits(List<String> names) {
        long bits = 0;
        for (String name : names) {
            bits |= 1L << valueOf(name).number;
        }
        return bits;
    }
}
