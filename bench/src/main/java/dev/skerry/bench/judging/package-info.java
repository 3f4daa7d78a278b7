/** Measurements of short programs: through Piston's API, next to the same programs as bare processes. */
package dev.skerry.bench.judging;
