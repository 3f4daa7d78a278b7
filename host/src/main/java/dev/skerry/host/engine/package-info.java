/**
 * The engine: makes sandboxes on this host, hands out their streams, finds them again after a crash, and removes what
 * is left.
 *
 * <p>{@link dev.skerry.host.engine.Engine} is the entry; a {@link dev.skerry.host.engine.SandboxSpec} goes in, a
 * running {@link dev.skerry.host.engine.Sandbox} comes out.
 */
@NullMarked
package dev.skerry.host.engine;

import org.jspecify.annotations.NullMarked;
