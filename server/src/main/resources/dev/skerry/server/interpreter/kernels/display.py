"""Values as results: every form that an object knows to show itself in."""
import base64
import datetime
import importlib.abc
import importlib.machinery
import io
import math
import sys
import types

FIELDS = {
    "text/plain": "text",
    "text/html": "html",
    "text/markdown": "markdown",
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "application/pdf": "pdf",
    "text/latex": "latex",
    "application/json": "json",
    "application/javascript": "javascript",
    "e2b/data": "data",
    "e2b/chart": "chart",
}
METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_pdf_": "application/pdf",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
}
CELLS_MAX = 1_000_000


def plain(value, depth=0):
    """What JSON has words for: no NaN, no numbers of numpy, only text as keys."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if depth > 60:
        return str(value)
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, (datetime.date, datetime.time)):
        return "NaT" if str(value) == "NaT" else value.isoformat()
    for method in ("tolist", "item"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            try:
                converted = convert()
            except Exception:
                continue
            if converted is not value:
                return plain(converted, depth + 1)
    return str(value)


def _called(value, name):
    if isinstance(value, type):
        return None
    method = getattr(value, name, None)
    if not callable(method):
        return None
    try:
        found = method()
    except NotImplementedError:
        return None
    except Exception as e:
        print("%s of a %s failed: %s" % (name, type(value).__name__, e), file=sys.stderr)
        return None
    return found[0] if isinstance(found, tuple) and found else found


def bundle(value):
    """All forms, by MIME type."""
    if isinstance(value, Bundle):
        return dict(value.forms)
    forms = {"text/plain": repr(value)}
    figures = sys.modules.get("matplotlib.figure")
    if figures is not None and isinstance(value, figures.Figure):
        forms.update(figure_forms(value))
        return forms
    for name, mime in METHODS.items():
        found = _called(value, name)
        if found is not None:
            forms[mime] = found
    found = _called(value, "_repr_mimebundle_")
    if isinstance(found, dict):
        forms.update(found)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, getattr(pandas, "DataFrame", ())) and value.size <= CELLS_MAX:
        forms["e2b/data"] = value.to_dict(orient="list")
    return forms


def result(forms, main):
    event = {"type": "result", "is_main_result": main}
    extra = {}
    for mime, data in forms.items():
        if data is None:
            continue
        if isinstance(data, (bytes, bytearray)):
            data = base64.b64encode(data).decode("ascii")
        field = FIELDS.get(mime)
        if field in ("json", "data", "chart"):
            event[field] = plain(data)
        elif field is None:
            extra[str(mime)] = plain(data)
        else:
            event[field] = str(data)
    text = event.get("text", "")
    if len(text) > 1 and text[0] == text[-1] == "'":
        event["text"] = text[1:-1]  # clients expect a string without its quotes
    if extra:
        event["extra"] = extra
    return event


class Bundle:
    """Something to display whose forms are known."""

    def __init__(self, forms):
        self.forms = forms

    def _repr_mimebundle_(self, include=None, exclude=None):
        return dict(self.forms)


# Figures

def figure_forms(figure):
    import skerry_charts

    image = io.BytesIO()
    figure.canvas.print_figure(
        image, format="png", bbox_inches="tight", dpi=figure.dpi, facecolor=figure.get_facecolor())
    forms = {"image/png": image.getvalue()}
    chart = skerry_charts.of_figure(figure)
    if chart is not None:
        forms["e2b/chart"] = chart
    return forms


def flush_figures(show):
    """Shows and closes every figure that pyplot has open."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None:
        return
    try:
        for manager in helpers.Gcf.get_all_fig_managers():
            figure = manager.canvas.figure
            if not getattr(figure, "_skerry_shown", False):
                show(figure)
    finally:
        for number in list(helpers.Gcf.figs):
            helpers.Gcf.destroy(number)


def backend(show):
    """The backend of matplotlib: draws with Agg and shows by displaying."""
    from matplotlib.backend_bases import FigureManagerBase
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    module = types.ModuleType("skerry_matplotlib")
    module.FigureCanvas = FigureCanvasAgg
    module.FigureManager = FigureManagerBase
    module.backend_version = "1"

    def new_figure_manager_given_figure(number, figure):
        return FigureManagerBase(FigureCanvasAgg(figure), number)

    def new_figure_manager(number, *args, FigureClass=Figure, **kwargs):
        return new_figure_manager_given_figure(number, FigureClass(*args, **kwargs))

    module.new_figure_manager_given_figure = new_figure_manager_given_figure
    module.new_figure_manager = new_figure_manager
    module.show = lambda *args, **kwargs: flush_figures(show)
    return module


# What is done to libraries when they are imported

class _Lazy(importlib.abc.Loader):
    def create_module(self, spec):
        return None

    def __init__(self, fill):
        self.fill = fill

    def exec_module(self, module):
        self.fill(module)


class Hooks(importlib.abc.MetaPathFinder):
    def __init__(self, after, instead):
        self.after = after
        self.instead = instead

    def find_spec(self, name, path=None, target=None):
        if name not in self.after and name not in self.instead:
            return None
        spec = None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    break
        if spec is None and name in self.instead:
            fill = self.instead[name]
            return importlib.machinery.ModuleSpec(name, _Lazy(fill), is_package=name == "IPython")
        if spec is not None and spec.loader is not None and name in self.after:
            after = self.after.pop(name)
            original = spec.loader.exec_module

            def exec_module(module):
                original(module)
                try:
                    after(module)
                except Exception as e:
                    print("%s works without its displays: %s" % (name, e), file=sys.stderr)

            spec.loader.exec_module = exec_module
        return spec


def install(show):
    """@param show displays one object"""

    def matplotlib_imported(module):
        module.rcParams["backend"] = "module://skerry_matplotlib"

    def axes_imported(module):
        import skerry_charts

        skerry_charts.record_boxes(module.Axes)

    def displays_imported(module):
        module.display = lambda *values, **options: [show(value) for value in values] and None

    def fill_ipython(module):
        module.get_ipython = lambda: None
        module.version_info = (0, 0, 0)
        module.__version__ = "0"

    def fill_display(module):
        for name, mime in (("HTML", "text/html"), ("Markdown", "text/markdown"), ("SVG", "image/svg+xml"),
                           ("Latex", "text/latex"), ("Math", "text/latex"), ("JSON", "application/json"),
                           ("Javascript", "application/javascript")):
            setattr(module, name, _shown_as(name, mime))
        module.Image = _image
        module.display = lambda *values, **options: [show(value) for value in values] and None
        module.clear_output = lambda *args, **kwargs: None

    class Backend(importlib.abc.Loader):
        def create_module(self, spec):
            return backend(show)

        def exec_module(self, module):
            pass

    class BackendFinder(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name == "skerry_matplotlib":
                return importlib.machinery.ModuleSpec(name, Backend())
            return None

    after = {
        "matplotlib": matplotlib_imported,
        "matplotlib.axes._axes": axes_imported,
        "IPython.core.display_functions": displays_imported,
    }
    instead = {"IPython": fill_ipython, "IPython.display": fill_display}
    sys.meta_path.insert(0, Hooks(after, instead))
    sys.meta_path.insert(0, BackendFinder())


def _content(data, filename, mode):
    if data is None and filename is not None:
        with open(filename, mode) as file:
            return file.read()
    return data


def _shown_as(name, mime):
    class Shown(Bundle):
        def __init__(self, data=None, filename=None, **options):
            data = _content(data, filename, "r")
            if name == "Math":
                data = "$\\displaystyle " + str(data).strip("$") + "$"
            self.data = data
            super().__init__({"text/plain": "<IPython.core.display.%s object>" % name, mime: data})

        def __repr__(self):
            return self.forms["text/plain"]

    Shown.__name__ = Shown.__qualname__ = name
    return Shown


class _image(Bundle):
    def __init__(self, data=None, filename=None, format=None, **options):
        if isinstance(data, str):
            data, filename = None, data
        data = _content(data, filename, "rb")
        mime = "image/jpeg" if data[:2] == b"\xff\xd8" else "image/png"
        self.data = data
        super().__init__({"text/plain": "<IPython.core.display.Image object>", mime: data})
