package dev.skerry.testkit;

import tools.jackson.databind.node.ObjectNode;

/**
 * Python's output goes through a program that takes all it gets and keeps what nobody reads: what guestd would be if it
 * did not stop reading when its 256 KiB wait. guestd cannot be told to, so this stands between.
 */
final class GreedyPython implements Weakness {
    private static final String PLAIN = "/plain-python3";

    private final PlantedFile script = new PlantedFile("""
            #!/bin/sh
            PLAIN "$@" | exec PLAIN -c '
            import os, queue, threading
            kept = queue.SimpleQueue()
            def give():
                while True:
                    os.write(1, kept.get())
            threading.Thread(target=give, daemon=True).start()
            for piece in iter(lambda: os.read(0, 65536), b""):
                kept.put(piece)
            '
            """.replace("PLAIN", PLAIN));

    @Override
    public void bundle(ObjectNode config) {
        Bundles.mount(config, PLAIN, "/usr/bin/python3");
        Bundles.mount(config, "/usr/bin/python3", script.path().toString());
    }

    @Override
    public void close() {
        script.close();
    }
}
