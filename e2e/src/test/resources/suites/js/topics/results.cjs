'use strict';
const sdk = require('@e2b/code-interpreter');
const { assert, topic } = require('../harness.cjs');
const { scenario } = topic('results', sdk);

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A Python object that says how it wants to be shown, as notebooks ask it. */
const shown = (method, value) => `class Shown:\n    def ${method}(self):\n        return ${value}\nShown()`;

async function resultOf(t, code) {
  const execution = await (await t.shared()).runCode(code);
  assert.equal(execution.error, undefined, execution.error && execution.error.traceback);
  assert.equal(execution.results.length, 1);
  return execution.results[0];
}

scenario('text-forms', async (t) => {
  const forms = [
    ['_repr_html_', 'html', '<b>bold</b>'],
    ['_repr_markdown_', 'markdown', '# head'],
    ['_repr_svg_', 'svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['_repr_latex_', 'latex', '$x^2$'],
    ['_repr_javascript_', 'javascript', 'alert(1)'],
  ];
  for (const [method, form, value] of forms) {
    const result = await resultOf(t, shown(method, JSON.stringify(value)));
    assert.equal(result[form], value, form);
    assert.ok(result.formats().includes(form));
    assert.equal(result.isMainResult, true);
    assert.match(result.text, /Shown object/);
  }
});

scenario('images', async (t) => {
  const bytes = `__import__("base64").b64decode("${PNG}")`;
  assert.equal((await resultOf(t, shown('_repr_png_', bytes))).png.trim(), PNG);
  assert.equal((await resultOf(t, shown('_repr_jpeg_', bytes))).jpeg.trim(), PNG);
});

scenario('json', async (t) => {
  const { json } = await resultOf(t, shown('_repr_json_', '{"a": [1, None]}'));
  assert.deepEqual(typeof json === 'string' ? JSON.parse(json) : json, { a: [1, null] });
});

scenario('several-forms-of-one-thing', async (t) => {
  const result = await resultOf(t, shown('_repr_mimebundle_', '{"text/html": "<i>i</i>", "text/plain": "i"}')
    .replace('(self)', '(self, include=None, exclude=None)'));
  assert.equal(result.html, '<i>i</i>');
  assert.equal(result.text, 'i');
});

scenario('display', async (t) => {
  const sandbox = await t.shared();
  const seen = [];
  const code = 'from IPython.display import display, HTML\ndisplay(HTML("<p>1</p>"))\ndisplay(HTML("<p>2</p>"))\n3';
  const { results } = await sandbox.runCode(code, { onResult: (result) => void seen.push(result) });
  assert.deepEqual(results.map(({ html, isMainResult }) => [html, isMainResult]), [
    ['<p>1</p>', false],
    ['<p>2</p>', false],
    [undefined, true],
  ]);
  assert.equal(seen.length, 3);
});

scenario('no-result', async (t) => {
  const execution = await (await t.shared()).runCode('y = 1');
  assert.deepEqual(execution.results, []);
  assert.equal(execution.text, undefined);
  assert.equal((await (await t.shared()).runCode('None')).text, undefined);
});

const figure = (body) => `import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\n${body}\nplt.show()`;

async function chartOf(t, body) {
  const sandbox = await t.shared();
  const { results, error } = await sandbox.runCode(figure(body), { timeoutMs: 120000 });
  assert.equal(error, undefined, error && error.traceback);
  const result = results.find(({ chart }) => chart);
  assert.ok(result && result.png, 'no chart among the results');
  return result.chart;
}

scenario('line-chart', async (t) => {
  const chart = await chartOf(t, 'ax.plot([1, 2, 3], [2, 4, 8], label="l")\nax.set(title="T", xlabel="x", ylabel="y")');
  assert.equal(chart.type, 'line');
  assert.equal(chart.title, 'T');
  assert.equal(chart.x_label, 'x');
  assert.equal(chart.y_label, 'y');
  assert.equal(chart.x_scale, 'linear');
  assert.deepEqual(chart.elements[0].points, [[1, 2], [2, 4], [3, 8]]);
  assert.equal(chart.elements[0].label, 'l');
}, 180);

scenario('scatter-chart', async (t) => {
  const chart = await chartOf(t, 'ax.scatter([1, 2], [3, 4])');
  assert.equal(chart.type, 'scatter');
  assert.deepEqual(chart.elements[0].points, [[1, 3], [2, 4]]);
}, 180);

scenario('bar-chart', async (t) => {
  const chart = await chartOf(t, 'ax.bar(["a", "b"], [5, 7])');
  assert.equal(chart.type, 'bar');
  assert.deepEqual(chart.elements.map(({ label }) => label), ['a', 'b']);
  assert.deepEqual(chart.elements.map(({ value }) => Number(value)), [5, 7]);
}, 180);

scenario('pie-chart', async (t) => {
  const chart = await chartOf(t, 'ax.pie([1, 3], labels=["a", "b"])');
  assert.equal(chart.type, 'pie');
  assert.deepEqual(chart.elements.map(({ label }) => label), ['a', 'b']);
  assert.ok(Math.abs(chart.elements[0].angle - 90) < 1);
}, 180);

scenario('box-chart', async (t) => {
  const chart = await chartOf(t, 'ax.boxplot([1, 2, 3, 4, 5])');
  assert.equal(chart.type, 'box_and_whisker');
  assert.equal(chart.elements[0].median, 3);
}, 180);

scenario('several-charts-in-one', async (t) => {
  const sandbox = await t.shared();
  const code = 'import matplotlib.pyplot as plt\nfig, (a, b) = plt.subplots(1, 2)\n' +
    'a.plot([1, 2], [1, 2])\nb.bar(["x"], [1])\nplt.show()';
  const { results } = await sandbox.runCode(code, { timeoutMs: 120000 });
  const { chart } = results.find((result) => result.chart);
  assert.equal(chart.type, 'superchart');
  assert.deepEqual(chart.elements.map(({ type }) => type), ['line', 'bar']);
}, 180);

scenario('data-frame', async (t) => {
  const sandbox = await t.shared();
  const code = 'import pandas as pd\npd.DataFrame({"a": [1, 2], "b": ["x", "y"]})';
  const { results, error } = await sandbox.runCode(code, { timeoutMs: 120000 });
  assert.equal(error, undefined, error && error.traceback);
  assert.deepEqual(results[0].data, { a: [1, 2], b: ['x', 'y'] });
  assert.match(results[0].html, /<table/);
}, 180);
