/**
 * Tests of the command: arguments, quantities and words here as units, against {@link dev.skerry.cli.FakeHost}; what
 * needs a sandbox in the classes whose name ends in IT, which start the shipped {@code ./skerry} as a user would.
 */
@NullMarked
package dev.skerry.cli;

import org.jspecify.annotations.NullMarked;
