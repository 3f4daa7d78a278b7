/** What a server may rely on when this machine is its host. */
@NullMarked
package dev.skerry.host.agent;

import org.jspecify.annotations.NullMarked;
