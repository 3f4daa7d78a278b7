/**
 * Which user and group ids of this machine belong to which sandbox. Every sandbox has 65,536 of its own, so that what
 * the kernel counts or checks per user never meets in two of them. {@link dev.skerry.host.uids.UidRanges} hands the
 * ranges out, across all instances and processes of the machine; a claim outlives its process and ends by being
 * released or with the next start of the machine.
 */
@NullMarked
package dev.skerry.host.uids;

import org.jspecify.annotations.NullMarked;
