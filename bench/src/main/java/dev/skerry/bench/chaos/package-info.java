/**
 * {@code skerry bench chaos}, {@code soak} and {@code take-over}: two real servers on one PostgreSQL and one machine,
 * with real sandboxes, while everything that can be killed, stopped or filled is. A {@link Journal} has every call with
 * its answer and every fault; {@link Checker} says afterwards what was lost, leaked or done twice.
 */
@NullMarked
package dev.skerry.bench.chaos;

import org.jspecify.annotations.NullMarked;
