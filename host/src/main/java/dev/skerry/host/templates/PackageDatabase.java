package dev.skerry.host.templates;

import java.io.IOException;
import java.util.List;

/**
 * What the host's package manager knows, as far as {@code base} needs it. One implementation per kind of package
 * manager.
 *
 * <p>Paths are byte strings (see {@link Libc}) without a leading slash, with {@code bin}, {@code sbin} and {@code lib*}
 * already under {@code usr}.
 */
interface PackageDatabase {
    /** Changes whenever anything may have changed that {@link #identity} depends on. Costs a few stat calls. */
    String fingerprint() throws IOException;

    /** Equal on hosts, and at times, where the same packages are installed. Reads the database. */
    String identity() throws IOException;

    Contents contents() throws IOException;

    /**
     * @param files everything that installed packages own under {@code usr}, folders among it
     * @param pristine configuration under {@code etc} that is byte for byte as its package shipped it, so that it
     *     cannot hold what an administrator wrote; links among it
     * @param alternatives names whose target the administrator chooses among packages
     */
    record Contents(List<String> files, List<String> pristine, List<Alternative> alternatives) {
        public Contents {
            files = List.copyOf(files);
            pristine = List.copyOf(pristine);
            alternatives = List.copyOf(alternatives);
        }
    }

    /**
     * One set of links that change together: each is a name under {@code usr} that points into
     * {@code /etc/alternatives}, and from there to the target of the choice that is in force.
     */
    record Alternative(List<Link> links, List<Choice> choices) {
        public Alternative {
            links = List.copyOf(links);
            choices = List.copyOf(choices);
        }

        record Link(String name, String path) {}

        /** @param targets one per link, empty where this choice has none */
        record Choice(int priority, List<String> targets) {
            public Choice {
                targets = List.copyOf(targets);
            }
        }
    }
}
