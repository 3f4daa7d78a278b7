/**
 * Measurements, never tests: whole distributions, both sides of a comparison interleaved in one run, raw numbers kept.
 *
 * <p>A {@link dev.skerry.bench.Contest} runs its {@link dev.skerry.bench.Side}s in turn, a
 * {@link dev.skerry.bench.Report} writes JSON, a Markdown table and an SVG plot.
 */
@NullMarked
package dev.skerry.bench;

import org.jspecify.annotations.NullMarked;
