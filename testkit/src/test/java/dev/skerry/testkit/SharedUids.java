package dev.skerry.testkit;

import dev.skerry.host.drivers.Launch;
import java.util.OptionalLong;

/** Every sandbox gets the uids of the first one. */
final class SharedUids implements Weakness {
    private OptionalLong first = OptionalLong.empty();

    @Override
    public Launch launch(Launch launch) {
        long base = first.orElse(launch.uidBase());
        first = OptionalLong.of(base);
        return new Launch(launch.name(), launch.runDir(), launch.spec(), launch.layers(), base, launch.guestd());
    }
}
