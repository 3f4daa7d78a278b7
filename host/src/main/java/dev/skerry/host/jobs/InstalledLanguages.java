package dev.skerry.host.jobs;

import java.util.EnumMap;
import java.util.Map;

/** What can be run in a sandbox. */
public final class InstalledLanguages {
    private InstalledLanguages() {}

    /** Starts every toolchain that is there and asks it for its version, which has three numbers here. */
    public static Map<Language, String> of(JobSandbox sandbox) throws InterruptedException {
        Map<Language, String> versions = new EnumMap<>(Language.class);
        new Questions(sandbox).ask().versions().forEach(found -> versions.put(found.language(), found.number()));
        return versions;
    }
}
