/** Documents that are made from the code are what the code would make now. */
@NullMarked
package dev.skerry.docs;

import org.jspecify.annotations.NullMarked;
