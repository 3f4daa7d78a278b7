/** Tests of the code interpreter, with real kernels. */
@NullMarked
package dev.skerry.server.interpreter;

import org.jspecify.annotations.NullMarked;
