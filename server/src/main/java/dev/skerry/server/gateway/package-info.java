/**
 * The data plane's entrance: finds out which sandbox and which port a request is for, who may go there, and carries it
 * to the service that the server provides there ({@link dev.skerry.server.gateway.SandboxService}) or to the program
 * that listens inside.
 */
@NullMarked
package dev.skerry.server.gateway;

import org.jspecify.annotations.NullMarked;
