package dev.skerry.bench.judging;

import dev.skerry.bench.Distribution;
import dev.skerry.bench.judging.DayLog.Second;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The curves of a day, one above the other: over the seconds of the run, with a line at each deadline. */
final class DayPlot {
    private static final int WIDTH = 900;
    private static final int LEFT = 60;
    private static final int RIGHT = 20;
    private static final int PANEL = 130;
    private static final int HEAD = 24;
    private static final int FOOT = 36;
    private static final int PANELS = 5;
    private static final int RATE_SECONDS = 10;
    private static final String DARK = "#08519c";
    private static final String LIGHT = "#9ecae1";

    private final List<Second> seconds;
    private final List<Integer> deadlines;
    private final StringBuilder text = new StringBuilder();

    DayPlot(List<Second> seconds, List<Integer> deadlines) {
        this.seconds = seconds;
        this.deadlines = deadlines;
    }

    String svg() {
        text.append(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\""
                        + " font-size=\"12\"><rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
                WIDTH,
                PANELS * PANEL + FOOT));
        for (int deadline : deadlines) {
            text.append(String.format(
                    Locale.ROOT,
                    "<line x1=\"%.1f\" y1=\"0\" x2=\"%.1f\" y2=\"%d\" stroke=\"#fdae6b\" stroke-width=\"1\"/>%n",
                    x(deadline),
                    x(deadline),
                    PANELS * PANEL));
        }
        panel(0, "programs answered in a second", second -> second.answered().size());
        List<Double> slowest = each(second -> worst(second, 100));
        double most = frame(1, "the answers of each second, ms: slowest (light) and median (dark)", slowest);
        curve(1, slowest, most, LIGHT);
        curve(1, each(second -> worst(second, 50)), most, DARK);
        panel(2, "programs that wait in the server's queue", Second::queued);
        panel(3, "sandboxes that are ready", Second::ready);
        List<Double> rates = new ArrayList<>();
        for (int i = 0; i < seconds.size(); i++) {
            rates.add(100 * seconds.get(i).hitRateSince(seconds.get(Math.max(0, i - RATE_SECONDS))));
        }
        curve(4, rates, frame(4, "of the programs of the last ten seconds, % that found one ready", rates), DARK);
        axis();
        return text.append("</svg>\n").toString();
    }

    private static double worst(Second second, double percent) {
        return second.answered().isEmpty() ? 0 : new Distribution("ms", second.millis()).percentile(percent);
    }

    private List<Double> each(ToDoubleFunction<Second> value) {
        return seconds.stream().map(value::applyAsDouble).toList();
    }

    private void panel(int index, String title, ToDoubleFunction<Second> value) {
        List<Double> values = each(value);
        curve(index, values, frame(index, title, values), DARK);
    }

    /** Title and scale. What is at the top of it. */
    private double frame(int index, String title, List<Double> values) {
        double most = Math.max(
                1, values.stream().mapToDouble(Double::doubleValue).max().orElse(1));
        text.append(String.format(
                Locale.ROOT,
                "<text x=\"10\" y=\"%d\" font-weight=\"bold\">%s</text><text x=\"10\" y=\"%d\">%.0f</text>"
                        + "<text x=\"10\" y=\"%d\">0</text>"
                        + "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#cccccc\"/>%n",
                index * PANEL + 16,
                title,
                index * PANEL + HEAD + 16,
                most,
                bottom(index),
                LEFT,
                bottom(index),
                WIDTH - RIGHT,
                bottom(index)));
        return most;
    }

    private void curve(int index, List<Double> values, double most, String colour) {
        double height = PANEL - HEAD - 16.0;
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < values.size(); i++) {
            points.append(
                    String.format(Locale.ROOT, "%.1f,%.1f ", x(i), bottom(index) - height * values.get(i) / most));
        }
        text.append(String.format(
                Locale.ROOT,
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1\"/>%n",
                points.toString().strip(),
                colour));
    }

    /** Whole minutes, or steps of ten seconds in a short run. */
    private void axis() {
        int step = seconds.size() > 150 ? 60 : 10;
        for (int second = 0; second < seconds.size(); second += step) {
            text.append(String.format(
                    Locale.ROOT,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>%n",
                    x(second),
                    PANELS * PANEL + 12,
                    step == 60 ? second / 60 + " min" : second + " s"));
        }
        text.append(String.format(
                Locale.ROOT, "<text x=\"%d\" y=\"%d\" fill=\"#d94801\">deadlines</text>%n", LEFT, PANELS * PANEL + 28));
    }

    private static int bottom(int index) {
        return (index + 1) * PANEL - 8;
    }

    private double x(int second) {
        return LEFT + (WIDTH - LEFT - RIGHT) * (double) second / Math.max(1, seconds.size() - 1);
    }
}
