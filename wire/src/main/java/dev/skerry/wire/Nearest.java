package dev.skerry.wire;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

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

    private static int distance(String from, String to) {
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
            }
            above = row;
        }
        return above[to.length()];
    }
}
