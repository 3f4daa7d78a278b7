/**
 * Who may do what, how much and how often, and who did it: tenants with their quotas and API keys, rates, the audit
 * log, and the tokens of sandboxes.
 */
@NullMarked
package dev.skerry.server.tenants;

import org.jspecify.annotations.NullMarked;
