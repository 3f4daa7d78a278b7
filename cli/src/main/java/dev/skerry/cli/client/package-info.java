/**
 * A client of a running server: its control plane ({@link dev.skerry.cli.client.ControlPlane}, the E2B REST API) and
 * the data plane of one sandbox ({@link dev.skerry.cli.client.Envd}, Connect RPC in JSON). Both go through one HTTP
 * origin; the sandbox is named in headers. Whatever the server refuses becomes a {@link dev.skerry.wire.Failure} with
 * its own words.
 */
@NullMarked
package dev.skerry.cli.client;

import org.jspecify.annotations.NullMarked;
