/**
 * Images made of Debian's packages, from the sources that this machine's apt has.
 *
 * <p>{@link dev.skerry.host.templates.debian.DebianImages} is the entry. mmdebstrap makes a root file system, tar a
 * layer of it, and {@link dev.skerry.host.templates.debian.ImageArchive} an archive of an OCI image layout.
 */
@NullMarked
package dev.skerry.host.templates.debian;

import org.jspecify.annotations.NullMarked;
