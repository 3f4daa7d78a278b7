/**
 * What server and host agree on: typed ids, error codes, and the sandbox stream protocol of docs/protocol.md
 * ({@link dev.skerry.wire.Frame}, {@link dev.skerry.wire.Fields}). Depends on nothing but the JDK.
 */
@NullMarked
package dev.skerry.wire;

import org.jspecify.annotations.NullMarked;
