/**
 * Webhooks: what happens to a tenant's sandboxes is posted to URLs of the tenant's choice, at least once, and for each
 * sandbox in order. URLs are hostile: what they resolve to is checked at every connection.
 */
@NullMarked
package dev.skerry.server.webhooks;

import org.jspecify.annotations.NullMarked;
