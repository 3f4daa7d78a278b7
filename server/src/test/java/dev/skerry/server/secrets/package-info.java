@NullMarked
package dev.skerry.server.secrets;

import org.jspecify.annotations.NullMarked;
