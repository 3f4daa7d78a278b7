package dev.skerry.wire.hosts;

import dev.skerry.wire.SandboxEnd;

/**
 * Is told what happened on a host, soon, and perhaps never: {@link HostAgent#list} is the truth. Calls come from a
 * thread of the host, which must not be held up.
 */
public interface HostListener {
    /** Who does not want to know. */
    HostListener NOBODY = new HostListener() {
        @Override
        public void ended(Incarnation incarnation, SandboxEnd end) {}

        @Override
        public void frozen(Incarnation incarnation) {}
    };

    void ended(Incarnation incarnation, SandboxEnd end);

    /** By its deadline, not by a command. */
    void frozen(Incarnation incarnation);
}
