/** The E2B clients' door, spoken to as they speak, with the real guestd behind it. */
@NullMarked
package dev.skerry.server.envd;

import org.jspecify.annotations.NullMarked;
