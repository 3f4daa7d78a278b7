@NullMarked
package dev.skerry.server;

import org.jspecify.annotations.NullMarked;
