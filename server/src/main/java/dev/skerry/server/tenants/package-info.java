/** Who may do what: tenants, their API keys, and the tokens of sandboxes. */
@NullMarked
package dev.skerry.server.tenants;

import org.jspecify.annotations.NullMarked;
