package dev.skerry.testkit;

import dev.skerry.wire.Limits;
import java.io.InputStream;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Something made wrong on purpose, and the claim that must notice.
 *
 * @param title as in the table of docs/SPEC.md
 * @param finding part of what the claim then says, so that nothing else that is wrong passes for it
 * @param limits what becomes of the limits that an attack asks for
 * @param output what becomes of a program's output before an attack reads it
 */
record Hole(
        String claim,
        String title,
        String finding,
        Supplier<Weakness> weakness,
        UnaryOperator<Limits> limits,
        UnaryOperator<InputStream> output) {
    /** In the driver. */
    Hole(String claim, String title, String finding, Supplier<Weakness> weakness) {
        this(claim, title, finding, weakness, asked -> asked, output -> output);
    }

    /** In the limits that the engine is given. */
    static Hole limits(String claim, String title, String finding, UnaryOperator<Limits> limits) {
        return new Hole(claim, title, finding, Weakness::none, limits, output -> output);
    }

    /** On the host's end of a program's output. */
    static Hole output(String claim, String title, String finding, UnaryOperator<InputStream> output) {
        return new Hole(claim, title, finding, Weakness::none, asked -> asked, output);
    }
}
