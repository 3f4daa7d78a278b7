/**
 * Which system calls a sandbox may make. The resource {@code allowed.txt} is the source; {@link
 * dev.skerry.host.seccomp.SeccompProfile} reads it for an architecture and turns it into a classic BPF program,
 * compiled by us once instead of by libseccomp at every start, or into the OCI form for a runtime that takes no
 * program. A call that is refused fails with EPERM or ENOSYS; nothing is killed.
 */
@NullMarked
package dev.skerry.host.seccomp;

import org.jspecify.annotations.NullMarked;
