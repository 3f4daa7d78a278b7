/**
 * The instance's secrets: what tokens are derived from, and what is stored encrypted under keys derived from them. The
 * first is used, the others are still accepted.
 */
@NullMarked
package dev.skerry.server.secrets;

import org.jspecify.annotations.NullMarked;
