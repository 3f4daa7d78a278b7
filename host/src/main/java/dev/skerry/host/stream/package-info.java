/**
 * The host's end of a sandbox's stream (docs/protocol.md): processes, files and ports of one sandbox as blocking calls.
 *
 * <p>{@link dev.skerry.host.stream.GuestConnection} owns a {@link dev.skerry.host.stream.Transport} and one reader
 * thread, which hands frames to channels; callers wait on their channel. The guest is not trusted: whatever breaks the
 * protocol closes the connection.
 */
@NullMarked
package dev.skerry.host.stream;

import org.jspecify.annotations.NullMarked;
