/**
 * What a server and a host say to one another about sandboxes. {@link dev.skerry.wire.hosts.HostAgent} is a host as the
 * server sees it: commands that may be given twice, and reports. What happens inside a sandbox does not pass through
 * it: the server speaks to process 1 on the sandbox's own stream ({@link dev.skerry.wire.stream}).
 */
@NullMarked
package dev.skerry.wire.hosts;

import org.jspecify.annotations.NullMarked;
