/**
 * Disks of sandboxes: images in the data folder that are the writable layer of a sandbox and outlive it. They are made
 * here and nowhere else; what is in them was written by a tenant through a mounted file system only. Mounting them is
 * the shim's.
 */
@NullMarked
package dev.skerry.host.disks;

import org.jspecify.annotations.NullMarked;
