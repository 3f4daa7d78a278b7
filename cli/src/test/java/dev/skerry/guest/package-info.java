/**
 * Tests that need another machine than this one: a Debian with nothing but cgroup v2, booted by QEMU.
 *
 * <pre>
 *   DebianImage ── root.img, vmlinuz ──▶ QemuMachine ──▶ results ──▶ PureV2IT: one test here per test there
 *   Payload ────── payload.img ───────▶
 * </pre>
 */
@NullMarked
package dev.skerry.guest;

import org.jspecify.annotations.NullMarked;
