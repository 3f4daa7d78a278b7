package dev.skerry.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The table of attacks has what is done, and nothing else. */
class AttackTableTest {
    @Test
    void theTableNamesEveryAttackOnceAndNoOther() {
        assertThat(AttackTable.attacks().stream().map(Attack::name))
                .doesNotHaveDuplicates()
                .containsExactlyElementsOf(AttackTable.rows().keySet());
    }

    @Test
    void aCellMeansWhatItSays() {
        assertThat("400 `a (b)`").matches(AttackTable.pattern("400 `a (b)`"));
        assertThat("400 `a 7 (b)`").matches(AttackTable.pattern("400 `a … (b)`"));
        assertThat("OK; `wrong_answer`").doesNotMatch(AttackTable.pattern("OK; `accepted`"));
    }
}
