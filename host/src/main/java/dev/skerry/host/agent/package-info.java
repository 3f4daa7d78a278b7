/**
 * A host as a server has it: {@link dev.skerry.host.agent.LocalAgent} carries the server's commands out with the
 * engine, in the server's own process. Commands may be given twice; what it knows it finds again on the host.
 */
@NullMarked
package dev.skerry.host.agent;

import org.jspecify.annotations.NullMarked;
