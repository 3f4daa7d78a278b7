package dev.skerry.server.jobs;

/** What a case shall write to its stdout, and how that is compared. */
@SuppressWarnings("ArrayRecordComponent") // given once; never compared as a record
public record Expectation(byte[] stdout, Comparison comparison) {
    boolean met(byte[] actual) {
        return comparison.same(stdout, actual);
    }
}
