package dev.skerry.testkit;

import dev.skerry.host.engine.Limits;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/**
 * Something made wrong on purpose, and the claim that must notice.
 *
 * @param title as in the table of docs/SPEC.md
 * @param finding part of what the claim then says, so that nothing else that is wrong passes for it
 * @param limits what becomes of the limits that an attack asks for
 */
record Hole(String claim, String title, String finding, Supplier<Weakness> weakness, UnaryOperator<Limits> limits) {
    Hole(String claim, String title, String finding, Supplier<Weakness> weakness) {
        this(claim, title, finding, weakness, asked -> asked);
    }
}
