package dev.skerry.wire.jobs;

/**
 * A file of a job.
 *
 * @param name may have folders, which are made; of the main file it may be empty: the usual name of its language
 */
@SuppressWarnings("ArrayRecordComponent") // written once into the sandbox; never compared
public record JobFile(String name, byte[] content) {}
