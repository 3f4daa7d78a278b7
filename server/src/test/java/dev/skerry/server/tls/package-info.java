/** Certificates, judged by programs that did not make them. */
@NullMarked
package dev.skerry.server.tls;

import org.jspecify.annotations.NullMarked;
