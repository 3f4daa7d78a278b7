package dev.skerry.architecture.planted.statics;

/** Planted: state that every test shares. */
final class Counted {
    static int count;
}
