/**
 * Sandboxes: what they are ({@link dev.skerry.server.sandboxes.Sandbox}), what may happen to them
 * ({@link dev.skerry.server.sandboxes.SandboxLifecycle}, pure), where they are kept
 * ({@link dev.skerry.server.sandboxes.SandboxStore}), and what can be asked for
 * ({@link dev.skerry.server.sandboxes.Sandboxes}). A request becomes an event, the event a decision, the decision is
 * stored, and only then its effects reach the host; a reconciler issues again what a crash has swallowed.
 */
@NullMarked
package dev.skerry.server.sandboxes;

import org.jspecify.annotations.NullMarked;
