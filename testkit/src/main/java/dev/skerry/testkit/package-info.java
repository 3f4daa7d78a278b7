/**
 * The security claims of docs/SPEC.md as attacks that run on any host and any driver.
 *
 * <p>{@link dev.skerry.testkit.Claims} lists them as data, an {@link dev.skerry.testkit.Arena} gives an attack its
 * sandboxes and checks afterwards that nothing of them is left. {@code skerry doctor --attack} and the test suites run
 * the same list.
 */
@NullMarked
package dev.skerry.testkit;

import org.jspecify.annotations.NullMarked;
