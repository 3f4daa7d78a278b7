package dev.skerry.architecture.planted.open;

/** Planted: open to be extended. */
class OpenClass {}
