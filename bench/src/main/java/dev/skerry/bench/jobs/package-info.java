/** Measures jobs next to the same programs run bare. */
@NullMarked
package dev.skerry.bench.jobs;

import org.jspecify.annotations.NullMarked;
