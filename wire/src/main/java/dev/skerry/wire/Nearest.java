package dev.skerry.wire;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Guesses what somebody meant who wrote a word that there is not. */
public final class Nearest {
    private Nearest() {}

    /** Those of the known words that are least far away by Levenshtein's count of changes, nearest first. */
    public static List<String> to(String word, Collection<String> known, int most) {
        return known.stream()
                .sorted(Comparator.comparingInt(each -> distance(each, word)))
                .limit(most)
                .toList();
    }

    /**
     * The known word that was most likely meant: one that begins with the word, or the nearest, if it is no more than
     * two changes away, or a third of the word's length. Dashes before it do not count for its length.
     */
    public static Optional<String> meant(String word, Collection<String> known) {
        int length = word.replaceFirst("^-+", "").length();
        int bound = Math.max(Math.min(2, length - 1), length / 3);
        return known.stream()
                .filter(each -> length > 1 && each.startsWith(word))
                .findFirst()
                .or(() -> to(word, known, 1).stream()
                        .filter(each -> distance(each, word) <= bound)
                        .findFirst());
    }

    /** Two neighbours that changed places are one change. */
    private static int distance(String from, String to) {
        int[] before = new int[to.length() + 1];
        int[] above = new int[to.length() + 1];
        for (int j = 0; j < above.length; j++) {
            above[j] = j;
        }
        for (int i = 1; i <= from.length(); i++) {
            int[] row = new int[above.length];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = above[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
                if (i > 1
                        && j > 1
                        && from.charAt(i - 1) == to.charAt(j - 2)
                        && from.charAt(i - 2) == to.charAt(j - 1)) {
                    row[j] = Math.min(row[j], 1 + before[j - 2]);
                }
            }
            before = above;
            above = row;
        }
        return above[to.length()];
    }
}
