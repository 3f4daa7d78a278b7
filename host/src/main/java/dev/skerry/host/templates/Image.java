package dev.skerry.host.templates;

import java.util.List;
import java.util.Optional;

/**
 * An image as its documents describe it; only the documents have been read and verified so far.
 *
 * @param configDigest SHA-256 of the configuration, which tools call the image's id
 * @param layers the lowest first
 * @param reference the name it bears in its layout, if any
 */
record Image(String configDigest, TemplateDefaults defaults, List<Layer> layers, Optional<String> reference) {
    Image {
        layers = List.copyOf(layers);
    }

    /**
     * @param file the name of the archive among the image's files
     * @param digest SHA-256 of that file, where the image states it
     * @param diffId SHA-256 of the uncompressed archive
     */
    record Layer(String file, Optional<String> digest, String diffId) {}
}
