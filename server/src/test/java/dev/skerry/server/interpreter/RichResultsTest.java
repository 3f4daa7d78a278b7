package dev.skerry.server.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.interpreter.Interpreted.Answer;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Needs python3-matplotlib and python3-pandas; `./skerry test` installs them. */
class RichResultsTest {
    @TempDir
    private static Path folder;

    private static Interpreted interpreter;

    @BeforeAll
    static void open() throws Exception {
        interpreter = new Interpreted(folder);
    }

    @AfterAll
    static void close() {
        interpreter.close();
    }

    private static JsonNode result(String code) throws Exception {
        return interpreter.python(code).result();
    }

    private static JsonNode chart(String code) throws Exception {
        JsonNode shown = result("import matplotlib.pyplot as plt\n" + code + "\nplt.show()");
        assertThat(shown.path("is_main_result").asBoolean()).isFalse();
        assertThat(Base64.getDecoder().decode(shown.path("png").asString())).startsWith(0x89, 'P', 'N', 'G');
        assertThat(shown.path("text").asString()).startsWith("<Figure size ");
        return shown.path("chart");
    }

    private static JsonNode json(String text) {
        return Lines.JSON.readTree(text.replace('\'', '"'));
    }

    @Test
    void anObjectShowsItselfInEveryFormItKnows() throws Exception {
        JsonNode all = result("""
                class A:
                    def __repr__(self): return 'plain'
                    def _repr_html_(self): return '<b>ä</b>'
                    def _repr_markdown_(self): return '*m*'
                    def _repr_svg_(self): return '<svg/>'
                    def _repr_png_(self): return b'png'
                    def _repr_jpeg_(self): return b'jpeg'
                    def _repr_pdf_(self): return b'pdf'
                    def _repr_latex_(self): return '$l$'
                    def _repr_json_(self): return {'a': [1, float('nan')]}
                    def _repr_javascript_(self): return 'js()'
                    def _repr_mimebundle_(self, **k): return {'application/x': {'y': 1}}
                A()
                """);
        assertThat(all)
                .isEqualTo(json("{'type': 'result', 'is_main_result': true, 'text': 'plain', 'html': '<b>ä</b>',"
                        + "'markdown': '*m*', 'svg': '<svg/>', 'png': 'cG5n', 'jpeg': 'anBlZw==', 'pdf': 'cGRm',"
                        + "'latex': '$l$', 'json': {'a': [1, null]}, 'javascript': 'js()',"
                        + "'extra': {'application/x': {'y': 1}}}"));
    }

    @Test
    void aFormThatFailsIsLeftOutAndSaid() throws Exception {
        Answer answer = interpreter.python("""
                class A:
                    def _repr_html_(self): raise ValueError('no')
                    def _repr_png_(self): return None
                A()
                """);
        assertThat(answer.result().has("html")).isFalse();
        assertThat(answer.text("stderr")).contains("_repr_html_ of a A failed: no");
    }

    @Test
    void theDisplayModuleOfIpythonIsThere() throws Exception {
        Answer answer = interpreter.python("""
                from IPython.display import display, HTML, Markdown, JSON
                display(HTML('<i>x</i>'), Markdown('**y**'))
                JSON({'a': 1})
                """);
        assertThat(answer.of("result")).hasSize(3);
        assertThat(answer.of("result").get(0).path("html").asString()).isEqualTo("<i>x</i>");
        assertThat(answer.of("result").get(1).path("markdown").asString()).isEqualTo("**y**");
        assertThat(answer.of("result").get(2).path("json")).isEqualTo(json("{'a': 1}"));
    }

    @Test
    void aTableComesAsHtmlAndAsData() throws Exception {
        JsonNode shown = result("""
                import pandas as pd
                pd.DataFrame({'a': [1, 2], 'b': [0.5, None], 't': pd.to_datetime(['2024-01-02', None]), 3: ['x', 'y']})
                """);
        assertThat(shown.path("html").asString()).contains("<table", "0.5");
        assertThat(shown.path("data").path("a")).isEqualTo(json("[1, 2]"));
        assertThat(shown.path("data").path("b")).isEqualTo(json("[0.5, null]"));
        assertThat(shown.path("data").path("t").get(0).asString()).isEqualTo("2024-01-02T00:00:00");
        assertThat(shown.path("data").path("3")).isEqualTo(json("['x', 'y']"));
    }

    @Test
    void aLineChartHasItsPointsTicksAndUnits() throws Exception {
        JsonNode chart = chart("""
                plt.plot([1, 2, 3], [4, 5, float('nan')], label='speed')
                plt.plot([1, 2, 3], [1, 1, 2])
                plt.title('T'); plt.xlabel('Time (s)'); plt.ylabel('Speed [m/s]'); plt.grid(True)
                """);
        assertThat(chart.path("type").asString()).isEqualTo("line");
        assertThat(chart.path("title").asString()).isEqualTo("T");
        assertThat(chart.path("x_label").asString()).isEqualTo("Time (s)");
        assertThat(chart.path("x_unit").asString()).isEqualTo("s");
        assertThat(chart.path("y_unit").asString()).isEqualTo("m/s");
        assertThat(chart.path("x_scale").asString()).isEqualTo("linear");
        assertThat(chart.path("x_ticks").size())
                .isPositive()
                .isEqualTo(chart.path("x_tick_labels").size());
        assertThat(chart.path("elements").get(0))
                .isEqualTo(json("{'label': 'speed', 'points': [[1, 4.0], [2, 5.0], [3, null]]}"));
        assertThat(chart.path("elements").get(1).path("label").asString()).isEqualTo("Line 1");
    }

    @Test
    void datesAndLogarithmsAreScales() throws Exception {
        JsonNode chart = chart("""
                import datetime
                plt.plot([datetime.date(2024, 1, 1), datetime.date(2024, 1, 2)], [1, 1000])
                plt.yscale('log')
                """);
        assertThat(chart.path("x_scale").asString()).isEqualTo("datetime");
        assertThat(chart.path("x_ticks").get(0).asString()).contains("T");
        assertThat(chart.path("y_scale").asString()).isEqualTo("log");
        assertThat(chart.path("elements").get(0).path("points").get(0).get(0).asString())
                .isEqualTo("2024-01-01");
        JsonNode words = chart("plt.plot(['a', 'b'], [1, 2])");
        assertThat(words.path("x_scale").asString()).isEqualTo("categorical");
    }

    @Test
    void aScatterChartHasItsPoints() throws Exception {
        JsonNode chart = chart("plt.scatter([1, 2], [3, 4.5], label='s'); plt.legend()");
        assertThat(chart.path("type").asString()).isEqualTo("scatter");
        assertThat(chart.path("elements")).isEqualTo(json("[{'label': 's', 'points': [[1.0, 3.0], [2.0, 4.5]]}]"));
    }

    @Test
    void barsHaveLabelsGroupsAndValues() throws Exception {
        JsonNode chart = chart("plt.bar(['a', 'b'], [5, 5]); plt.ylabel('n')");
        assertThat(chart.path("type").asString()).isEqualTo("bar");
        assertThat(chart.path("x_label").isNull()).isTrue();
        assertThat(chart.path("elements"))
                .isEqualTo(json("[{'label': 'a', 'group': 'Group 0', 'value': 5.0},"
                        + "{'label': 'b', 'group': 'Group 0', 'value': 5.0}]"));
        JsonNode lying = chart("plt.barh(['a', 'b'], [1, 2], label='g'); plt.xlabel('n')");
        assertThat(lying.path("y_label").asString()).isEqualTo("n");
        assertThat(lying.path("elements").get(1)).isEqualTo(json("{'label': 'b', 'group': 'g', 'value': 2.0}"));
        JsonNode grouped = chart("""
                plt.bar([0 - .2, 1 - .2], [1, 2], .4, label='x'); plt.bar([0 + .2, 1 + .2], [3, 4], .4, label='y')
                plt.xticks([0, 1], ['q1', 'q2'])
                """);
        assertThat(grouped.path("elements").get(3)).isEqualTo(json("{'label': 'q2', 'group': 'y', 'value': 4.0}"));
    }

    @Test
    void aPieHasItsAngles() throws Exception {
        JsonNode chart = chart("plt.pie([1, 3], labels=['a', 'b']); plt.title('P')");
        assertThat(chart)
                .isEqualTo(json(
                        "{'type': 'pie', 'title': 'P', 'elements': [" + "{'label': 'a', 'angle': 90.0, 'radius': 1.0},"
                                + "{'label': 'b', 'angle': 270.0, 'radius': 1.0}]}"));
    }

    @Test
    void aBoxPlotHasItsQuartilesHoweverItIsDrawn() throws Exception {
        for (String style : List.of("", ", patch_artist=True", ", vert=False")) {
            JsonNode chart = chart("plt.boxplot([[1, 2, 3, 4, 30], [5, 6, 7, 8, 9]], labels=['a', 'b']" + style + ")");
            assertThat(chart.path("type").asString()).isEqualTo("box_and_whisker");
            assertThat(chart.path("elements").get(0))
                    .isEqualTo(json("{'label': 'a', 'min': 1.0, 'first_quartile': 2.0, 'median': 3.0,"
                            + "'third_quartile': 4.0, 'max': 4.0, 'outliers': [30.0]}"));
            assertThat(chart.path("elements").get(1).path("label").asString()).isEqualTo("b");
        }
    }

    @Test
    void severalAxesAreASuperchart() throws Exception {
        JsonNode chart = chart("f, (a, b) = plt.subplots(1, 2); a.plot([1]); b.bar(['x'], [1]); f.suptitle('S')");
        assertThat(chart.path("type").asString()).isEqualTo("superchart");
        assertThat(chart.path("title").asString()).isEqualTo("S");
        assertThat(chart.path("elements").get(0).path("type").asString()).isEqualTo("line");
        assertThat(chart.path("elements").get(1).path("type").asString()).isEqualTo("bar");
    }

    @Test
    void otherFiguresAreOfAnUnknownKindOrNone() throws Exception {
        assertThat(chart("plt.imshow([[1, 2], [3, 4]])").path("type").asString())
                .isEqualTo("unknown");
        assertThat(chart("plt.figure()").isMissingNode()).isTrue();
    }

    @Test
    void aFigureLeftOpenIsShownOnceAtTheEnd() throws Exception {
        Answer left = interpreter.python("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('last')\nNone");
        assertThat(left.order()).containsExactly("number_of_executions", "stdout", "result", "end_of_execution");
        assertThat(interpreter.python("1").result().has("png")).isFalse();
        Answer value = interpreter.python("f, a = plt.subplots(); a.plot([1]); f");
        assertThat(value.result().path("is_main_result").asBoolean()).isTrue();
        assertThat(value.result().path("chart").path("type").asString()).isEqualTo("line");
        Answer other = interpreter.python("import matplotlib; matplotlib.use('Agg'); plt.plot([1]); None");
        assertThat(other.result().has("png")).isTrue();
    }
}
