package dev.skerry.guest;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * cgroup v2 with two processors and all controllers that users have: the groups themselves, without sandboxes, because
 * every instruction is emulated. {@link PureV2IT} has the rest.
 */
class DebianKernelIT {
    private static final List<String> GROUPS = List.of("dev.skerry.host.cgroups.V2CgroupTest$OnTheRealTree");

    @TestFactory
    List<DynamicTest> theGroupsHoldOnDebiansOwnKernel() throws Exception {
        Path work = GuestTests.fresh("debian-kernel");
        Payload payload = Payload.make(GuestTests.ROOT, work, List.of(GuestTests.selection(GROUPS)));
        return GuestTests.run(new QemuMachine(DebianImage.make(GuestTests.CACHE), payload, work), GROUPS);
    }
}
