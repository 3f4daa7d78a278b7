package dev.skerry.testkit;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link ClaimsIT} on gVisor. */
class GvisorClaimsIT {
    @TestFactory
    Stream<DynamicTest> everyClaimHoldsOnGvisor() {
        return ClaimsIT.claims("runsc");
    }
}
