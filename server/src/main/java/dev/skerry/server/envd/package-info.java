/**
 * What E2B clients expect at port 49983 of a sandbox, answered by the server: processes and files by Connect calls,
 * file contents by HTTP. {@link dev.skerry.server.envd.EnvdService} finds what answers a request. What is remembered
 * of a sandbox (a {@code GuestSession}) hangs on its stream and goes with it; whatever must outlive this program is
 * kept by guestd.
 */
@NullMarked
package dev.skerry.server.envd;

import org.jspecify.annotations.NullMarked;
