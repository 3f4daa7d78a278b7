/** Tests of keys and tokens. */
@NullMarked
package dev.skerry.server.tenants;

import org.jspecify.annotations.NullMarked;
