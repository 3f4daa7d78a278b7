/**
 * Certificates of the server's own making: {@link dev.skerry.server.tls.CertificateAuthority} is an authority that can
 * vouch for nothing but the names under the server's domain and this machine's loopback, and a certificate from it that
 * renews itself.
 */
@NullMarked
package dev.skerry.server.tls;

import org.jspecify.annotations.NullMarked;
