/**
 * Tests that need another machine than this one: a Debian with nothing but cgroup v2, booted as user-mode Linux and by
 * QEMU.
 *
 * <pre>
 *   DebianImage ── root.img, kernels ──▶ UmlMachine │ QemuMachine ──▶ results ──▶ GuestTests: a test per test there
 *   Payload ────── payload.img ────────▶
 * </pre>
 */
@NullMarked
package dev.skerry.guest;

import org.jspecify.annotations.NullMarked;
