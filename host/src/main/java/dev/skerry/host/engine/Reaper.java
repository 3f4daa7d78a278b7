package dev.skerry.host.engine;

import dev.skerry.host.drivers.Drivers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Removes what crashes have left of this instance's sandboxes. Level-based: it looks at what exists (run folders,
 * cgroups, uid claims), never at what should exist. Whatever has a living shim, or a living controller that may be just
 * starting one, is left alone; but a fleeting sandbox does not outlive its controller.
 */
public final class Reaper {
    private final Installation installation;
    private final Drivers drivers;

    Reaper(Installation installation, Drivers drivers) {
        this.installation = installation;
        this.drivers = drivers;
    }

    /**
     * Names ({@code <sandbox>.<generation>}, or those of folders that were only begun) of what is dead and has left
     * something.
     *
     * @param keepEnded how long the record of a sandbox that ended by itself waits for somebody to ask
     */
    public List<String> leftovers(Duration keepEnded) {
        Set<String> names = new LinkedHashSet<>();
        RunFolder.list(installation.runFolder()).forEach(folder -> names.add(folder.name()));
        names.addAll(installation.cgroups().names());
        String mine = installation.claim("");
        installation.uids().claims().keySet().stream()
                .filter(claim -> claim.startsWith(mine))
                .forEach(claim -> names.add(claim.substring(mine.length())));
        List<String> found = new ArrayList<>(names.stream()
                .filter(this::dead)
                .filter(name -> !kept(name, keepEnded))
                // Of a server's sandbox whose end is written down nothing else is left.
                .filter(name -> installation.folder(name).end().isEmpty())
                .toList());
        RunFolder.abandoned(installation.runFolder()).forEach(folder -> found.add(folder.name()));
        return List.copyOf(found);
    }

    private boolean dead(String name) {
        RunFolder folder = installation.folder(name);
        boolean controller = folder.owner().filter(ProcessIdentity::alive).isPresent();
        return !controller
                && (fleeting(folder)
                        || folder.shim().filter(ProcessIdentity::alive).isEmpty());
    }

    private static boolean fleeting(RunFolder folder) {
        return folder.record().map(SandboxRecord::fleeting).orElse(false);
    }

    /** Somebody may come and ask how it ended. */
    private boolean kept(String name, Duration keepEnded) {
        RunFolder folder = installation.folder(name);
        return folder.endedWithin(keepEnded) && !fleeting(folder);
    }

    /** Removes one if it is dead; whether it was. */
    boolean reap(String name) {
        if (!dead(name)) {
            return false;
        }
        new Remains(installation, drivers, installation.folder(name)).remove();
        return true;
    }

    /** Removes them; what it removed. */
    public List<String> reap(Duration keepEnded) {
        List<String> removed = new ArrayList<>();
        for (RunFolder folder : RunFolder.abandoned(installation.runFolder())) {
            // Nothing else of it exists yet.
            folder.delete();
            removed.add(folder.name());
        }
        for (String name : leftovers(keepEnded)) {
            new Remains(installation, drivers, installation.folder(name)).remove();
            removed.add(name);
        }
        return removed;
    }
}
