package dev.skerry.bench.chaos;

/**
 * A sandbox, as its owner knows it.
 *
 * @param token of its processes and files
 */
public record Box(String id, String token) {}
