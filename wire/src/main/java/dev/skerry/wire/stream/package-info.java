/**
 * The host's end of a sandbox's stream (docs/protocol.md): processes, files and ports of one sandbox as blocking calls.
 *
 * <p>{@link dev.skerry.wire.stream.GuestConnection} owns a {@link dev.skerry.wire.stream.Transport} and one reader
 * thread, which hands frames to channels; callers wait on their channel. The guest is not trusted: whatever breaks the
 * protocol closes the connection.
 */
@NullMarked
package dev.skerry.wire.stream;

import org.jspecify.annotations.NullMarked;
