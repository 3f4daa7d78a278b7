/** Temporary. */
@NullMarked
package dev.skerry.host.templates;

import org.jspecify.annotations.NullMarked;
