/**
 * The control plane of the E2B API: translates its requests to operations on sandboxes and templates, and their results
 * to the bodies that the official clients branch on. No decisions are made here.
 *
 * <p>Both dialects are answered: {@code /sandboxes} of older clients and {@code /v2/sandboxes}.
 */
@NullMarked
package dev.skerry.server.e2b;

import org.jspecify.annotations.NullMarked;
