@NullMarked
package dev.skerry.server.webhooks;

import org.jspecify.annotations.NullMarked;
