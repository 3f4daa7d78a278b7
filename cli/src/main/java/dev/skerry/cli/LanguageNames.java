package dev.skerry.cli;

import dev.skerry.host.jobs.Language;
import java.util.ArrayList;
import java.util.Arrays;

/** What {@code --lang} may say, for its help. */
final class LanguageNames extends ArrayList<String> {
    private static final long serialVersionUID = 1;

    LanguageNames() {
        super(Arrays.stream(Language.values()).map(Language::label).toList());
    }
}
