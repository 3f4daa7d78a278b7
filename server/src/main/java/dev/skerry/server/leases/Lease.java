package dev.skerry.server.leases;

/**
 * A lease as it was given.
 *
 * @param owner a name that no other server has, and no other run of this one
 * @param fence greater than that of every lease of this id before
 */
public record Lease(String id, String owner, long fence) {}
