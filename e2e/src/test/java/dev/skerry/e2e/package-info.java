/**
 * The shipped program, driven from outside by the clients that people use: SDKs and command line tools as their own
 * package managers install them, at pinned versions. Nothing here imitates a client.
 *
 * <p>{@link dev.skerry.e2e.ShippedServer} is the program, {@link dev.skerry.e2e.Clients} the clients,
 * {@link dev.skerry.e2e.Suite} one run of a program of scenarios (src/test/resources/suites) whose lines become tests.
 */
@NullMarked
package dev.skerry.e2e;

import org.jspecify.annotations.NullMarked;
