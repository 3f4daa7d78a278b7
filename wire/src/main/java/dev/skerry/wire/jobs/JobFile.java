package dev.skerry.wire.jobs;

/** A file of a job; {@code name} may have folders, which are made. */
@SuppressWarnings("ArrayRecordComponent") // written once into the sandbox; never compared
public record JobFile(String name, byte[] content) {}
