"""What a figure of matplotlib shows, as the data that clients of the code interpreter know as a chart."""
import datetime
import math
import re

UNIT = re.compile(r"\s\((.*?)\)|\[(.*?)\]")


def _or_none(text):
    return text if text else None


def _unit(label):
    found = UNIT.search(label or "")
    return (found.group(1) or found.group(2)) if found else None


def _number(value):
    """Nine digits or so: what drawing adds to a number in its last places is nobody's data."""
    value = float(value)
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, max(0, 9 - math.floor(math.log10(abs(value)))))


def _point(value):
    import numpy

    if isinstance(value, numpy.datetime64):
        return str(value.astype("datetime64[s]"))
    if isinstance(value, numpy.generic):
        value = value.item()
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (int, float, str)):
        return value
    return str(value)


def _dated(axis):
    from matplotlib import dates

    converter = getattr(axis, "converter", None) or getattr(axis, "_converter", None)
    return isinstance(converter, (dates._SwitchableDateConverter, dates.DateConverter))


def _categorical(axis):
    from matplotlib import category

    converter = getattr(axis, "converter", None) or getattr(axis, "_converter", None)
    return isinstance(converter, category.StrCategoryConverter)


def _axis(axis):
    from matplotlib import dates

    labels = [label.get_text() for label in axis.get_ticklabels()]
    if _dated(axis):
        return [dates.num2date(tick).isoformat() for tick in axis.get_ticklocs()], labels, "datetime"
    ticks = [float(tick) for tick in axis.get_ticklocs()]
    scale = axis.get_scale()
    if scale == "linear" and ticks:
        counted = all(tick == i for i, tick in enumerate(ticks))
        if counted and all(label != str(i) for i, label in enumerate(labels)):
            scale = "categorical"
    return ticks, labels, scale


def _base(kind, ax):
    return {"type": kind, "title": _or_none(ax.get_title()), "elements": []}


def _labelled(kind, ax, swapped=False):
    x, y = _or_none(ax.get_xlabel()), _or_none(ax.get_ylabel())
    if swapped:
        x, y = y, x
    return dict(_base(kind, ax), x_label=x, y_label=y, x_unit=_unit(x), y_unit=_unit(y))


def _points(kind, ax):
    chart = _labelled(kind, ax)
    for name, axis in (("x", ax.xaxis), ("y", ax.yaxis)):
        chart[name + "_ticks"], chart[name + "_tick_labels"], chart[name + "_scale"] = _axis(axis)
    return chart


def _is_grid_line(line):
    x, y = line.get_xdata(), line.get_ydata()
    return len(x) == 2 and len(y) == 2 and bool(x[0] == x[1] or y[0] == y[1])


def _line(ax):
    chart = _points("line", ax)
    for line in ax.get_lines():
        if _is_grid_line(line):
            continue
        label = str(line.get_label())
        if label.startswith("_child"):
            label = "Line " + label[6:]
        pairs = zip(line.get_xdata(), line.get_ydata())
        chart["elements"].append({"label": label, "points": [[_point(x), _point(y)] for x, y in pairs]})
    return chart


def _scatter(ax):
    from matplotlib import dates

    chart = _points("scatter", ax)
    x_dated, y_dated = _dated(ax.xaxis), _dated(ax.yaxis)
    for collection in ax.collections:
        points = []
        for x, y in collection.get_offsets():
            points.append([
                dates.num2date(x).isoformat() if x_dated else _point(x),
                dates.num2date(y).isoformat() if y_dated else _point(y),
            ])
        chart["elements"].append({"label": str(collection.get_label()), "points": points})
    return chart


def _bar_labels(axis, centres, widths):
    ticks = list(zip([float(tick) for tick in axis.get_ticklocs()], [l.get_text() for l in axis.get_ticklabels()]))
    texts = [text for _, text in ticks if text]
    labels = []
    for i, (centre, width) in enumerate(zip(centres, widths)):
        near = [(abs(tick - centre), text) for tick, text in ticks if text]
        distance, text = min(near, default=(math.inf, ""))
        named = _categorical(axis) or len(texts) == len(centres)
        if distance <= 1e-6 * max(1.0, abs(centre)) or (named and distance <= abs(width) * 2):
            labels.append(text)
        elif len(texts) == len(centres):
            labels.append(texts[i])
        else:
            labels.append("%g" % centre)
    return labels


def _bar(ax):
    containers = [c for c in ax.containers if len(c) and all(hasattr(bar, "get_height") for bar in c)]
    lying = [getattr(c, "orientation", None) == "horizontal" for c in containers]
    chart = _labelled("bar", ax, swapped=bool(lying) and all(lying))
    for container, is_lying in zip(containers, lying):
        group = str(container.get_label())
        if group.startswith("_container"):
            group = "Group " + group[10:]
        if is_lying:
            centres = [bar.get_y() + bar.get_height() / 2 for bar in container]
            labels = _bar_labels(ax.yaxis, centres, [bar.get_height() for bar in container])
            values = [bar.get_width() for bar in container]
        else:
            centres = [bar.get_x() + bar.get_width() / 2 for bar in container]
            labels = _bar_labels(ax.xaxis, centres, [bar.get_width() for bar in container])
            values = [bar.get_height() for bar in container]
        for label, value in zip(labels, values):
            chart["elements"].append({"label": label, "group": group, "value": float(value)})
    return chart


def _pie(ax):
    from matplotlib.patches import Wedge

    chart = _base("pie", ax)
    for wedge in ax.patches:
        if isinstance(wedge, Wedge):
            angle = abs(_number(float(wedge.theta2) - float(wedge.theta1)))
            chart["elements"].append({"label": str(wedge.get_label()), "angle": angle, "radius": float(wedge.r)})
    return chart


def _boxes(ax):
    """What was drawn with bxp and is still there; the last one at each place."""
    drawn = {}
    for box in getattr(ax, "_skerry_boxes", ()):
        if box["artist"].axes is ax and box["artist"] in ax.lines:
            drawn[box["position"]] = box
    return drawn


def _box_and_whisker(ax, boxes):
    lying = all(box["lying"] for box in boxes.values())
    axis = ax.yaxis if lying else ax.xaxis
    ticks = list(zip([float(tick) for tick in axis.get_ticklocs()], [l.get_text() for l in axis.get_ticklabels()]))
    chart = _labelled("box_and_whisker", ax, swapped=lying)
    for position, box in boxes.items():
        label = next((text for tick, text in ticks if abs(tick - position) < 1e-6 and text), "")
        stats = box["stats"]
        chart["elements"].append({
            "label": label or str(stats.get("label") or ""),
            "min": _number(stats["whislo"]),
            "first_quartile": _number(stats["q1"]),
            "median": _number(stats["med"]),
            "third_quartile": _number(stats["q3"]),
            "max": _number(stats["whishi"]),
            "outliers": [_number(value) for value in stats.get("fliers", ())],
        })
    return chart


def record_boxes(axes_class):
    """Makes a box plot remember its numbers: they cannot be read back from lines."""
    original = axes_class.bxp

    def bxp(self, bxpstats, positions=None, *args, **kwargs):
        bxpstats = list(bxpstats)
        drawn = original(self, bxpstats, positions, *args, **kwargs)
        try:
            vertical = kwargs.get("vert", args[1] if len(args) > 1 else None)
            lying = kwargs.get("orientation") == "horizontal" or vertical is False
            places = list(range(1, len(bxpstats) + 1)) if positions is None else list(positions)
            kept = self.__dict__.setdefault("_skerry_boxes", [])
            for stats, place, artist in zip(bxpstats, places, drawn["medians"]):
                kept.append({"stats": dict(stats), "position": float(place), "lying": lying, "artist": artist})
        except Exception:
            pass  # then it is a chart of an unknown kind
        return drawn

    bxp.__doc__ = original.__doc__
    axes_class.bxp = bxp


def _of_axes(ax):
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D
    from matplotlib.patches import PathPatch, Rectangle, Wedge
    from matplotlib.text import Text

    boxes = _boxes(ax)
    if boxes:
        return _box_and_whisker(ax, boxes)
    children = [child for child in ax.get_children() if child not in (ax.patch, ax.xaxis, ax.yaxis, ax.title)]
    spines = list(ax.spines.values())
    legend = ax.get_legend()
    data = [c for c in children if not isinstance(c, Text) and c not in spines and c is not legend]
    data = [c for c in data if c in ax.lines or c in ax.patches or c in ax.collections or c in ax.images]
    if data and all(isinstance(child, Line2D) for child in data):
        return _line(ax)
    if any(isinstance(child, PathPatch) for child in data):
        return _base("unknown", ax)
    data = [c for c in data if not (isinstance(c, Line2D) and _is_grid_line(c))]
    if data and all(isinstance(child, PathCollection) for child in data):
        return _scatter(ax)
    if data and all(isinstance(child, Wedge) for child in data):
        return _pie(ax)
    error_bars = [line for container in ax.containers for line in getattr(container, "errorbar", None) or ()]
    data = [c for c in data if not error_bars or isinstance(c, Rectangle)]
    if data and all(isinstance(child, Rectangle) for child in data) and ax.containers:
        return _bar(ax)
    return _base("unknown", ax)


def of_figure(figure):
    """A dictionary, or None for a figure that shows no data or that cannot be read."""
    try:
        axes = figure.get_axes()
        if not any(ax.has_data() for ax in axes):
            return None
        if len(axes) == 1:
            return _of_axes(axes[0])
        title = figure._suptitle.get_text() if getattr(figure, "_suptitle", None) else None
        return {"type": "superchart", "title": _or_none(title), "elements": [_of_axes(ax) for ax in axes]}
    except Exception:
        return None
