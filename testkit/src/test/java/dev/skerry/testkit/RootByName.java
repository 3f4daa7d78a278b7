package dev.skerry.testkit;

import tools.jackson.databind.node.ObjectNode;

/**
 * What is done for {@code user} is done with root's rights, as if process 1 did not change its credentials for it.
 * guestd cannot be told not to, so its list of users is made to say that the two are one.
 */
final class RootByName implements Weakness {
    private final PlantedFile users =
            new PlantedFile("root:x:0:0:root:/root:/bin/sh\nuser:x:0:0:user:/home/user:/bin/sh\n");

    @Override
    public void bundle(ObjectNode config) {
        Bundles.mount(config, "/etc/passwd", users.path().toString());
        Bundles.memoryOn(config, "/home/user"); // the other one's home is not open to root without capabilities
    }

    @Override
    public void close() {
        users.close();
    }
}
