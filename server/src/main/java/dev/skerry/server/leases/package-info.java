/**
 * What one server has at a time: {@link dev.skerry.server.leases.LeaseTable} gives it for some seconds with a number
 * that grows, {@link dev.skerry.server.leases.LeaseKeeper} keeps it and does what it is for,
 * {@link dev.skerry.server.leases.Fence} has the database refuse the writes of one that has lost it.
 */
@NullMarked
package dev.skerry.server.leases;

import org.jspecify.annotations.NullMarked;
