package dev.skerry.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One panel per contest: for each side a bar from the 5th to the 95th percentile, the median marked, every value a
 * faint dot; of very many values every so many-th.
 */
final class Plot {
    private static final int WIDTH = 900;
    private static final int LABEL = 300;
    private static final int RIGHT = 110;
    private static final int ROW = 26;
    private static final int HEAD = 40;
    private static final int FOOT = 14;

    /** Of one side, or a few more: what lies on others is not seen anyway. */
    private static final int DOTS_MOST = 1000;

    private final List<Contest.Result> results;

    Plot(List<Contest.Result> results) {
        this.results = results;
    }

    String svg() {
        List<String> panels = new ArrayList<>();
        int top = 0;
        for (Contest.Result result : results) {
            panels.add(panel(result, top));
            top += height(result);
        }
        return String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                        + " font-family=\"sans-serif\" font-size=\"12\">"
                        + "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n%s</svg>%n",
                WIDTH,
                top,
                String.join("", panels));
    }

    private static int height(Contest.Result result) {
        return HEAD + ROW * result.sides().size() + FOOT;
    }

    private static String panel(Contest.Result result, int top) {
        // The axis ends at the largest 95th percentile: a single outlier must not flatten everything else.
        double axis = result.sides().values().stream()
                .mapToDouble(values -> values.percentile(95))
                .max()
                .orElse(1);
        double scale = (WIDTH - LABEL - RIGHT) / (axis <= 0 ? 1 : axis);
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"10\" y=\"%d\" font-size=\"14\" font-weight=\"bold\">%s</text>%n",
                top + 24,
                escape(result.title())));
        int y = top + HEAD;
        for (Map.Entry<String, Distribution> side : result.sides().entrySet()) {
            svg.append(row(side.getKey(), side.getValue(), y, scale, axis));
            y += ROW;
        }
        return svg.toString();
    }

    private static String row(String name, Distribution values, int y, double scale, double axis) {
        StringBuilder svg = new StringBuilder();
        double low = values.percentile(5) * scale;
        double high = values.percentile(95) * scale;
        double median = values.p50() * scale;
        svg.append(String.format(
                Locale.ROOT,
                "<text x=\"10\" y=\"%d\">%s</text>"
                        + "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"12\" fill=\"#9ecae1\"/>",
                y + 13,
                escape(name),
                LABEL + low,
                y + 3,
                Math.max(1, high - low)));
        int step = Math.max(1, values.n() / DOTS_MOST);
        for (int i = 0; i < values.n(); i += step) {
            double value = values.values().get(i);
            if (value <= axis) {
                svg.append(String.format(
                        Locale.ROOT,
                        "<circle cx=\"%.1f\" cy=\"%d\" r=\"1.2\" fill=\"#08519c\" fill-opacity=\"0.25\"/>",
                        LABEL + value * scale,
                        y + 9));
            }
        }
        svg.append(String.format(
                Locale.ROOT,
                "<rect x=\"%.1f\" y=\"%d\" width=\"2\" height=\"16\" fill=\"#08306b\"/>"
                        + "<text x=\"%d\" y=\"%d\" fill=\"#08306b\">%s %s</text>%n",
                LABEL + median - 1,
                y + 1,
                WIDTH - RIGHT + 8,
                y + 13,
                Report.shortened(values.p50()),
                values.unit()));
        return svg.toString();
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
