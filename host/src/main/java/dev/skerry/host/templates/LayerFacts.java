package dev.skerry.host.templates;

import java.util.List;

/**
 * What is known of an unpacked layer.
 *
 * @param entries files, folders and links in it
 * @param bytes their content
 * @param notes what was left out on the way
 */
record LayerFacts(boolean hasSetuid, long entries, long bytes, List<String> notes) {
    LayerFacts {
        notes = List.copyOf(notes);
    }
}
