/** Jobs in the server: who may run what, in which order, and what became of it. */
package dev.skerry.server.jobs;
