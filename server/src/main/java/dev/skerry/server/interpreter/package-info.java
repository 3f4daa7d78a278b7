/**
 * The code interpreter on port 49999 of every sandbox: cells of Python, JavaScript, TypeScript and Bash that share a
 * context's variables. The server answers HTTP; inside, each context has one process, its <em>kernel</em>, a small
 * program of ours (resources, {@code kernels/}) that needs nothing but the language itself; docs/decisions/0006 says
 * why it is not ipykernel.
 *
 * <p>A kernel reads requests, a JSON object a line, from its stdin, and is stopped with SIGINT. What its code prints
 * comes straight from its stdout and stderr; events stand between it as frames that begin with a token
 * ({@link dev.skerry.server.interpreter.FrameSplitter}). The token is a guard against accidents: whoever controls the
 * kernel's process can say whatever he likes, to himself. A server that starts finds the contexts of its predecessor by
 * the tags of their kernels.
 */
@NullMarked
package dev.skerry.server.interpreter;

import org.jspecify.annotations.NullMarked;
