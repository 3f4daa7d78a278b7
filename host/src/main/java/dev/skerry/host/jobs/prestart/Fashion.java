package dev.skerry.host.jobs.prestart;

import java.util.Map;

/**
 * What an interpreter must know of its job when it starts.
 *
 * @param program the name of the file, without folders; for Java that of the main class
 * @param environment beside what all programs have
 */
record Fashion(String program, Map<String, String> environment) {
    Fashion {
        environment = Map.copyOf(environment);
    }
}
