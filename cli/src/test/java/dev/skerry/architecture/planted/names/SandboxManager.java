package dev.skerry.architecture.planted.names;

/** Planted: a name that says nothing. */
final class SandboxManager {}
