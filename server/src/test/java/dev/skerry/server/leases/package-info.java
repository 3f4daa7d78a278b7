@NullMarked
package dev.skerry.server.leases;

import org.jspecify.annotations.NullMarked;
