/**
 * The control groups of this host's sandboxes: limits, usage, freezing, killing. The runtimes' own handling is off, so
 * these are the same on every driver. {@link dev.skerry.host.cgroups.CgroupLayout#detect} looks at what the machine
 * has (v2, v1, both), {@link dev.skerry.host.cgroups.Cgroups} makes and finds one
 * {@link dev.skerry.host.cgroups.SandboxCgroup} per sandbox, named
 * {@code skerry-<instance>/<sandbox>.<generation>}, and nothing here touches a group of another name.
 */
@NullMarked
package dev.skerry.host.cgroups;

import org.jspecify.annotations.NullMarked;
