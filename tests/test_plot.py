"""Pictures: what is drawn by matplotlib, in notebooks and in terminals, and that it is true."""

import re
import sys
import xml.etree.ElementTree as ElementTree

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxsched as js
from jaxsched.commands.show import sparkline
from jaxsched.configs.files import Entry
from jaxsched.pictures import plots
from jaxsched.pictures.turns import MOST, extent, line, samples

LINE = js.Linear(1.0, 0.0, 10)


@pytest.fixture
def plt():
    matplotlib = pytest.importorskip("matplotlib", reason="js.plot draws with matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    pyplot.close("all")  # what the scripts of the pages have left
    yield pyplot
    pyplot.close("all")


# --- where to look ------------------------------------------------------------------------------


class Sawtooth(js.Schedule):
    inside: js.Schedule = js.fields.part(js.as_schedule)
    steps: int = js.fields.length(least=1)

    def at(self, t):
        return self.inside.at(t) * (t % self.steps / self.steps)


@pytest.mark.parametrize(
    ("schedule", "turns"),
    [
        (LINE, [10]),
        (js.Linear(1.0, 0.0, 2.5), [3]),
        (js.Linear(1.0, 0.0, 0), []),
        (js.Constant(1.0), []),
        (js.Exponential(1.0, 0.5, 4), []),
        (js.PiecewiseConstant([3, 7], [3.0, 2.0, 1.0]), [3, 7]),
        (js.Interpolate([2, 5, 9], [1.0, 2.0, 3.0]), [2, 5, 9]),
        (js.Table([0.0, 1.0, 2.0, 1.0, 1.0, 3.0]), [2, 3, 4, 5]),
        (js.Wave(1.0, 0.0, 20), [10, 20, 30]),
        (LINE.warmup(5), [5, 15]),
        (LINE.delay(5), [5, 15]),
        (LINE.skip(4), [6]),
        (LINE.warmup(2).stop(7), [2, 7]),
        (LINE.warmup(2).stop(20), [2, 12]),
        (LINE.hold(5), [10, 15]),
        (LINE.hold(5).then(LINE), [10, 15, 25]),
        (LINE.every(4), [12]),
        (LINE.per(3), [30]),
        (js.PiecewiseConstant([3, 7], [3.0, 2.0, 1.0]).per(4), [12, 28]),
        (LINE.repeat(), [10, 20, 30]),
        (LINE.warmup(2).repeat(), [2, 12, 14, 24, 26]),
        (LINE.restarts(3), [10, 20, 30]),
        (LINE.warmup(2).restarts(2, growth=2), [2, 12, 16]),
        (LINE.warmup(2).restarts(2).delay(1), [1, 3, 13, 15, 25]),
        (js.Linear(1.0, 0.5, 0).restarts(20), []),
        (js.Linear(1.0, 0.5, 0).repeat(), []),
        (js.Join([js.PiecewiseConstant([3, 25], [3.0, 2.0, 1.0]), LINE], [20]), [3, 20, 30]),
        (js.Join([LINE, LINE, 0.5], [4, 4]), [4]),
        (LINE * js.PiecewiseConstant([4], [1.0, 0.5]), [4, 10]),
        (1 - LINE.warmup(3).clip(0.2), [3, 13]),
        (js.Switch([LINE, js.Linear(1.0, 0.0, 6)], 1), [6]),
        (js.WithMomentum(LINE, js.Linear(1.0, 0.0, 4)), [10]),
        (js.as_schedule(optax.linear_schedule(1.0, 0.0, 10)), []),
        (Sawtooth(LINE, 4), [10]),
    ],
    ids=lambda x: repr(x)[:60] if isinstance(x, js.Schedule) else None,
)
def test_turns(schedule, turns):
    """In 30 counts; where every count is looked at, nothing of the values is left out."""
    found = samples(schedule, 30, 100)
    assert found.turns.tolist() == turns
    assert found.counts.tolist() == list(range(31))
    # 32 counts, as in samples: nothing more to compile
    np.testing.assert_array_equal(found.values, np.asarray(schedule(np.arange(32)))[:31])


STAIRS = js.PiecewiseConstant([2], [1.0, 0.5])


@pytest.mark.parametrize(
    ("schedule", "corners"),
    [
        (STAIRS, [(2, 1.0)]),
        (js.Exponential(1.0, 0.5, 2, staircase=True), [(2, 1.0), (4, 0.5)]),
        (js.Linear(1.0, 0.0, 4).every(2), [(2, 1.0), (4, 0.5)]),
        (js.Linear(1.0, 0.0, 2).per(2), [(2, 1.0), (4, 0.5)]),
        (js.Table([1.0, 0.5, 0.25]), [(1, 1.0), (2, 0.5)]),
        (js.Linear(2.0, 4.0, 4).rounded(2), [(2, 2.0)]),
        (STAIRS.warmup(2), [(4, 1.0)]),
        (STAIRS.delay(1), [(3, 1.0)]),
        (STAIRS.skip(1), [(1, 1.0)]),
        (STAIRS.stop(4), [(2, 1.0)]),
        (2.0 * STAIRS, [(2, 2.0)]),
        (STAIRS.cooldown(boundary=3, steps=2), [(2, 1.0)]),
        (js.Table([1.0, 0.5]).restarts(2), [(1, 1.0), (2, 0.5), (3, 1.0)]),
        (js.Join([js.Linear(0.0, 1.0, 2), STAIRS], [2]), [(4, 1.0)]),
        (js.Switch([js.Linear(0.0, 1.0, 2), STAIRS], 1), [(2, 1.0)]),
        (js.Linear(1.0, 0.0, 4).every(1), []),
        (js.Linear(1.0, 0.0, 4) * STAIRS, []),
        (js.Interpolate([0, 2], [1.0, 0.5]), []),
    ],
    ids=lambda x: repr(x)[:60] if isinstance(x, js.Schedule) else None,
)
def test_stairs_have_corners(schedule, corners):
    """A value goes straight on to the count where it ends; every other line is as it was."""
    curve = samples(schedule, 5, 100)
    points = list(zip(*(axis.tolist() for axis in line(schedule, curve)), strict=True))
    plain = list(zip(curve.counts.tolist(), curve.values.tolist(), strict=True))
    assert points == sorted([*plain, *corners], key=lambda point: (point[0], point in plain))


def test_a_dot_is_where_a_step_begins():
    figure = pytest.importorskip("matplotlib.figure", reason="js.plot draws with matplotlib")
    (curve,) = js.plot(STAIRS, 5, ax=figure.Figure().subplots()).lines
    assert curve.get_xydata()[curve.get_markevery()].tolist() == [[2.0, 0.5]]


def in_columns(counts, values, steps, columns):
    """The lowest and the highest value of each column."""
    column = counts * columns // (steps + 1)
    assert len(np.unique(column)) == columns
    low, high = np.full(columns, np.inf), np.full(columns, -np.inf)
    np.minimum.at(low, column, values)
    np.maximum.at(high, column, values)
    return low, high


@pytest.mark.parametrize(
    "schedule",
    [
        js.Cosine(1.0, 0.1, 37).restarts(30, gain=0.95),
        js.Table(np.random.default_rng(0).normal(size=1000)),
        js.as_schedule(lambda n: jnp.sin(n * 0.5)),
        LINE.warmup(3).repeat().every(2),
    ],
    ids=["restarts", "noise", "function", "stairs"],
)
def test_every_column_is_as_high_and_as_low_as_all_its_values(schedule):
    counts, values, _ = samples(schedule, 1500, 100)
    assert len(counts) <= 400 + 200
    every = np.arange(1501)
    expected = in_columns(every, np.asarray(schedule(every)), 1500, 100)
    np.testing.assert_array_equal(in_columns(counts, values, 1500, 100), expected)
    np.testing.assert_array_equal(np.asarray(schedule(every))[counts], values)


def test_a_short_part_of_a_long_schedule_is_seen():
    spike = js.PiecewiseConstant([123_456_789, 123_456_790], [0.5, 0.9, 0.5])
    schedule = js.Join([js.Linear(0.0, 0.5, 10), spike, 0.4, 0.5], [10, 10**9 - 2, 10**9 - 1])
    counts, values, turns = samples(schedule, 10**9, 100)
    assert turns.tolist() == [10, 123_456_799, 123_456_800, 10**9 - 2, 10**9 - 1]
    drawn = dict(zip(counts.tolist(), values.round(6).tolist(), strict=True))
    seen = {0: 0.0, 9: 0.45, 10: 0.5, 123_456_798: 0.5, 123_456_799: 0.9, 123_456_800: 0.5}
    seen |= {10**9 - 3: 0.5, 10**9 - 2: 0.4, 10**9 - 1: 0.5, 10**9: 0.5}
    assert {count: drawn[count] for count in seen} == seen
    assert len(counts) < 500


def test_more_turns_than_pixels():
    """A million cycles in a hundred columns: each shows their whole range."""
    many = js.Cosine(1.0, 0.1, 1000).warmup(24).restarts(10**6)
    counts, values, turns = samples(many, 1024 * 10**6, 100)
    assert len(turns) == 0 and len(counts) <= 400
    low, high = in_columns(counts, values, 1024 * 10**6, 100)
    np.testing.assert_allclose(high, 1.0)
    assert low.max() < 0.05
    # all within a thousandth of a column, and one of them stands out
    values = np.full(5001, 0.5)
    values[[1234, 4321]] = 0.1, 0.9
    crowded = js.PiecewiseConstant(np.arange(1, 5001) * 7, values)
    assert len(values) < MOST
    _, drawn, _ = samples(crowded, 2 * 10**9, 100)
    np.testing.assert_allclose([drawn.min(), drawn.max()], [0.1, 0.9])


def test_how_much_is_shown_of_what_has_no_end():
    assert extent(LINE.warmup(2.5)) == 13
    assert extent(js.Linear(1.0, 0.0, 0)) == 1
    assert extent(js.Constant(1.0)) == 1000
    assert extent(js.InverseSqrt(1e-3, 10**5).warmup(10)) == 4 * 10**5
    assert extent(js.Cosine(1.0, 0.0, 2**30).repeat()) == 2**31 - 1


# --- matplotlib ---------------------------------------------------------------------------------


def test_plot_of_one_schedule(plt):
    schedule = js.Cosine(1e-3, 0.0, 90).warmup(10)
    ax = js.plot(schedule)
    assert ax is plt.gca()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("count (optimizer updates)", "value")
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xdata(), np.arange(101))
    np.testing.assert_array_equal(line.get_ydata(), schedule(np.arange(101)))
    assert line.get_markevery() == [10] and line.get_marker() == "o"
    assert ax.get_legend() is None and ax.get_yscale() == "linear"


def test_plot_takes_axes_styles_and_epochs(plt):
    _, (left, right) = plt.subplots(1, 2)
    ax = js.plot(
        LINE.warmup(10), 40, left, steps_per_epoch=20, boundaries=False, label="lr", c="r", lw=3
    )
    assert ax is left and not right.lines
    (line,) = ax.lines
    assert (line.get_color(), line.get_linewidth(), line.get_marker()) == ("r", 3, "None")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["lr"]
    (epochs,) = ax.child_axes
    ax.set_xlim(0, 40)
    ax.figure.canvas.draw()
    assert epochs.get_xlabel() == "epoch" and epochs.get_xlim() == (0, 2)


def test_plot_of_several_by_name(plt):
    several = {"line": LINE, "half": 0.5, "optax": optax.linear_schedule(1.0, 0.0, 5)}
    ax = js.plot(several)
    assert [line.get_label() for line in ax.lines] == list(several)
    assert all(line.get_xdata()[-1] == 10 for line in ax.lines)
    assert ax.get_legend() is not None
    assert [
        line.get_label() for line in js.plot([LINE, LINE * 2], ax=plt.figure().gca()).lines
    ] == [
        "0",
        "1",
    ]


def test_plot_with_a_logarithmic_axis(plt):
    ax = js.plot(js.Cosine(1e-3, 0.0, 10**6), log=True)
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.get_ylim()[0], 1e-9)
    ax = js.plot(js.Geometric(1.0, 1e-9, 100), ax=plt.figure().gca(), log=True)
    assert ax.get_ylim()[0] < 1e-9  # as low as it is
    ax.figure.canvas.draw()


def test_plot_of_a_grid(plt):
    def make(peak, warmup, shape):
        return {"line": js.Linear, "cosine": js.Cosine}[shape](peak, 0.0, 90).warmup(warmup)

    axes = {"shape": ["line", "cosine"], "peak": [1e-4, 1e-3, 1e-2], "warmup": [5, 10]}
    grid = js.grid(make, **axes)
    ax = js.plot(grid)
    assert len(ax.lines) == 12
    bar = ax.figure.axes[1]
    assert (bar.get_ylabel(), bar.get_yscale()) == ("peak", "log")
    colours = [tuple(line.get_color()) for line in ax.lines]
    assert len(set(colours)) == 3
    assert colours[0] == colours[1] == colours[6] == plt.colormaps["viridis"](0.0)
    np.testing.assert_array_equal(ax.lines[3].get_ydata(), np.asarray(grid[0, 1, 1](range(101))))
    ax = js.plot(grid, ax=plt.figure().gca(), by="warmup", cmap="plasma", steps=20)
    assert (ax.figure.axes[1].get_ylabel(), ax.figure.axes[1].get_yscale()) == ("warmup", "linear")
    assert tuple(ax.lines[1].get_color()) == plt.colormaps["plasma"](1.0)
    ax = js.plot(grid, ax=plt.figure().gca(), by="shape")
    assert len(ax.figure.axes) == 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["line", "cosine"]
    assert len({line.get_color() for line in ax.lines}) == 2


def test_every_plot_has_a_figure_of_its_own(plt):
    first, second = js.plot(LINE), js.plot(LINE)
    assert first.figure is not second.figure
    assert len(first.lines) == len(second.lines) == 1
    assert js.plot(LINE, ax=first) is first
    assert len(plt.get_fignums()) == 2
    plt.close(first.figure)
    assert plt.get_fignums() == [second.figure.number]


MANY = [js.Linear(1e-4 * i, 0.0, 1000) for i in range(1, 31)]


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        (js.Cosine(3e-4, 0.0, 9_000).warmup(1_000), {"label": "cosine"}),
        ({"line": LINE * 1e-4, "a name that takes two lines of a legend": LINE}, {}),
        ({"line": LINE, "half": 0.5}, {"steps_per_epoch": 3, "log": True}),
        (js.grid(lambda peak: js.Linear(peak, 0.0, 9), peak=[1e-5, 2e-5]), {}),
        (MANY, {}),
        (js.stack({"x" * 200: LINE, "y": LINE}), {}),
    ],
    ids=["one", "two", "epochs", "grid", "many", "long names"],
)
def test_what_is_saved_is_whole(plt, given, arguments):
    """All labels are inside the picture, and the legend covers no axes."""
    ax = js.plot(given, **arguments)
    figure = ax.figure
    figure.canvas.draw()
    inside, needed = figure.bbox, figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert needed.x0 >= inside.x0 and needed.y0 >= inside.y0
    assert needed.x1 <= inside.x1 and needed.y1 <= inside.y1
    assert ax.bbox.width > 0.4 * figure.bbox.width
    if ax.get_legend() is not None:
        assert ax.get_legend().get_window_extent().x0 >= ax.bbox.x1
    for axis in (ax.xaxis, ax.yaxis):
        assert axis.get_offset_text().get_text() == ""


@pytest.mark.parametrize("layout", [None, "constrained", "tight"])
def test_a_legend_covers_no_curve_of_other_axes_either(plt, layout):
    figure, axes = plt.subplots(1, 2, layout=layout)
    for ax in axes:
        js.plot({"first": LINE, "second": 0.5}, ax=ax)
        js.plot(LINE * 0.5, ax=ax, label="one more")
    figure.canvas.draw()
    left, right = axes
    for ax in axes:
        assert len(ax.get_legend().get_texts()) == 3
        assert ax.get_legend().get_window_extent().x0 >= ax.bbox.x1
        assert ax.bbox.width > 0.15 * figure.bbox.width
    assert left.get_legend().get_window_extent().x1 <= right.bbox.x0
    assert right.get_legend().get_window_extent().x1 <= figure.bbox.x1
    assert not layout or left.bbox.width == pytest.approx(right.bbox.width, rel=0.01)


@pytest.mark.parametrize(
    ("schedule", "counts", "values"),
    [
        (
            js.Linear(3e-4, 0.0, 1000),
            ["0", "200", "400", "600", "800", "1000"],
            ["0", "5e-5", "1e-4", "1.5e-4", "2e-4", "2.5e-4", "3e-4"],
        ),
        (
            js.Linear(0.02, 0.0, 10**9),
            ["0", "2e8", "4e8", "6e8", "8e8", "1e9"],
            ["0", "0.0025", "0.005", "0.0075", "0.01", "0.0125", "0.015", "0.0175", "0.02"],
        ),
        (
            js.Linear(0.30002, 0.30001, 10),
            ["0", "2", "4", "6", "8", "10"],
            ["0.30001", "0.300012", "0.300014", "0.300016", "0.300018", "0.30002"],
        ),
        (
            js.Linear(-2e6, 2e6, 10),
            ["0", "2", "4", "6", "8", "10"],
            ["-2e6", "-1.5e6", "-1e6", "-5e5", "0", "5e5", "1e6", "1.5e6", "2e6"],
        ),
    ],
    ids=["small rates", "many counts", "close together", "large"],
)
def test_ticks_are_numbers_as_they_are_written(plt, schedule, counts, values):
    ax = js.plot(schedule)
    ax.figure.canvas.draw()
    for axis, expected in ((ax.xaxis, counts), (ax.yaxis, values)):
        low, high = axis.get_view_interval()
        ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
        assert [label.get_text() for x, label in ticks if low <= x <= high] == expected


def test_many_curves_are_named_along_a_colour_bar(plt):
    ax = js.plot({f"curve {i}": s for i, s in enumerate(MANY)})
    bar = ax.figure.axes[1]
    names = [label.get_text() for label in bar.get_yticklabels()]
    assert names == [f"curve {i}" for i in range(0, 30, 2)]
    assert len({tuple(line.get_color()) for line in ax.lines}) == 30
    # what is beside the name has the colour of the curve
    (mesh,) = [x for x in bar.collections if x.get_array() is not None]
    mesh.update_scalarmappable()
    np.testing.assert_array_equal(mesh.get_facecolors()[2], ax.lines[2].get_color())
    of_words = js.stack({f"curve {i}": s for i, s in enumerate(MANY)})
    assert len(js.plot(of_words).figure.axes) == 2
    # of one colour, there is nothing to explain
    assert len(js.plot(MANY, color="k").figure.axes) == 1
    assert len(js.plot(of_words, c="k").figure.axes) == 1
    assert js.plot({"line": LINE}, color="k").get_legend() is not None


def test_a_panel_has_a_legend_or_a_colour_bar(plt):
    entries = [Entry("many.yaml", "", f"curve {i}", s, 1000) for i, s in enumerate(MANY)]
    entries += [Entry("few.yaml", "", name, LINE, 10) for name in ("one", "two")]
    figure = plots.figure(entries)
    many, few = figure.axes
    (bar,) = many.child_axes
    assert [label.get_text() for label in bar.get_yticklabels()][:2] == ["curve 0", "curve 2"]
    assert [text.get_text() for text in few.get_legend().get_texts()] == ["one", "two"]
    figure.draw_without_rendering()
    assert bar.bbox.x0 >= many.bbox.x1 and bar.get_tightbbox().x1 <= figure.bbox.x1
    assert few.get_legend().get_window_extent().x0 >= few.bbox.x1


def test_the_curves_of_a_sweep_have_a_colour_bar_of_ranks(plt):
    def train(schedule):
        return {"loss": schedule(0), "losses": schedule(jnp.arange(3))}

    result = js.sweep(train, js.stack([LINE * i for i in range(1, 6)]), progress=False)
    curves, bars, ranks = result.plot("loss").axes
    assert ranks.get_ylabel() == "rank by loss"
    assert [label.get_text() for label in ranks.get_yticklabels()] == ["1", "2", "3", "4", "5"]
    best = curves.lines[-1]
    np.testing.assert_allclose(best.get_ydata(), [1.0, 0.9, 0.8], rtol=1e-6)
    assert tuple(best.get_color()) == plt.colormaps["viridis"](0.0)


def test_many_dots_are_none(plt):
    assert len(js.plot(LINE.restarts(30)).lines[0].get_markevery()) == 29
    assert js.plot(LINE.restarts(40)).lines[-1].get_markevery() is None


BATCH = jax.tree.map(lambda *leaves: np.stack(leaves), LINE, LINE)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"schedule": js.Constant(0.1)},
            ValueError,
            r"plot\(steps=...\) is needed: Constant\(value",
        ),
        ({"schedule": [0.1, LINE.repeat()]}, ValueError, r"plot\(steps=\.\.\.\) is needed: Const"),
        (
            {"schedule": "lr"},
            TypeError,
            r"plot\(schedule\): a schedule, a number or a function .*'lr'",
        ),
        ({"schedule": {"a": None}}, TypeError, r"plot\(schedule\): 'a': a schedule, .*got None"),
        ({"schedule": {}}, ValueError, r"needs at least one schedule, got \{\}"),
        (
            {"schedule": BATCH},
            ValueError,
            r"a batch of them, got Linear\(start=float64\[2\].*js.stack",
        ),
        ({"schedule": [js.stack([LINE])]}, TypeError, r"'0' is a grid: plot it alone"),
        (
            {"schedule": LINE, "steps": 0},
            ValueError,
            r"plot\(steps=\.\.\.\) must be at least 1, got 0",
        ),
        ({"schedule": LINE, "steps": 9.5}, ValueError, r"must be a whole number, got 9.5"),
        ({"schedule": LINE, "steps": "9"}, TypeError, r"must be a number of counts, got '9'"),
        ({"schedule": LINE, "steps": [3, 4]}, TypeError, r"must be one known number, got "),
        ({"schedule": LINE, "steps_per_epoch": 0}, ValueError, r"per_epoch=...\) must be positive"),
        (
            {"schedule": LINE, "ax": [1, 2]},
            TypeError,
            r"plot\(ax=\.\.\.\) must be one matplotlib Axes",
        ),
        (
            {"schedule": LINE, "by": "peak"},
            ValueError,
            r"no axis 'peak'; it names an axis of a js.grid",
        ),
        ({"schedule": js.stack([LINE]), "by": "nam"}, ValueError, r"'nam'; did you mean 'name'\?"),
        (
            {"schedule": [LINE, LINE], "label": "x"},
            ValueError,
            r"plot\(label=...\) is for one sched",
        ),
        (
            {"schedule": 1 - 2 * js.Constant(1.0).hold(5), "log": True},
            ValueError,
            r"values above 0",
        ),
    ],
)
def test_bad_plots(plt, arguments, error, message):
    with pytest.raises(error, match=message):
        js.plot(**arguments)


def test_a_traced_schedule_cannot_be_drawn(plt):
    @jax.jit
    def inside(peak):
        js.plot(js.Linear(peak, 0.0, 10))

    with pytest.raises(ValueError, match="holds traced numbers or a batch"):
        inside(1.0)


def test_plot_without_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"needs matplotlib: pip install jaxsched\[plot\]"):
        js.plot(LINE)


# --- notebooks ----------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def texts(root):
    return [text.text for text in root.iter(f"{SVG}text")]


def lines(root):
    return [
        np.array(re.split("[ ,]", line.get("points")), float).reshape(-1, 2)
        for line in root.iter(f"{SVG}polyline")
    ]


def test_a_notebook_shows_the_curve(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    schedule = js.Cosine(3e-4, 0.0, 9_500).warmup(500)
    picture = schedule._repr_svg_()
    assert len(picture) < 2000
    root = ElementTree.fromstring(picture)
    title, *rest = texts(root)
    assert title.startswith("Warmup(schedule=Cosine(start=0.0003") and title.endswith(" ...")
    assert rest == ["0.0003", "0", "10000", "0"]
    assert root.find(f"{SVG}title").text == title
    (line,) = lines(root)
    (left, bottom), (right, _) = line[0], line[-1]
    x = (line[:, 0] - left) / (right - left) * 10_000
    y = (bottom - line[:, 1]) / (bottom - line[:, 1].min()) * 3e-4
    # a pixel of 300 by 100, and the number is rounded
    steep = np.abs(np.gradient(np.asarray(schedule(np.arange(10_001)), np.float64))).max() * 20
    between = np.interp(np.arange(10_001), x, y)
    assert np.abs(between - np.asarray(schedule(np.arange(10_001)))).max() < steep + 3e-6


@pytest.mark.parametrize(
    "schedule",
    [
        js.Constant(0.1),
        js.Linear(1.0, 0.5, 0),
        js.Cosine(1.0, 0.1, 1000).restarts(10**6),
        js.InverseSqrt(1e-3, 1000).warmup(100),
        js.as_schedule(lambda n: n * jnp.nan),
    ],
)
def test_a_notebook_shows_anything(schedule):
    picture = schedule._repr_svg_()
    assert len(picture) < 20_000
    ElementTree.fromstring(picture)


def test_in_a_trace_a_known_schedule_is_shown():
    shown = []

    @jax.jit
    def inside(peak):
        shown.append(js.Linear(peak, 0.0, 10)._repr_svg_())
        shown.append(LINE._repr_svg_())

    inside(1.0)
    assert shown == [None, LINE._repr_svg_()]


def test_what_is_no_curve_is_shown_as_text():
    assert BATCH._repr_svg_() is None
    assert (2 * BATCH.warmup(3))._repr_svg_() is None
    assert jax.tree.map(lambda _: None, LINE)._repr_svg_() is None
    assert jax.tree.unflatten(jax.tree.structure(LINE.warmup(1)), [None] * 5)._repr_svg_() is None
    assert jax.tree.map(lambda _: object(), LINE.restarts(2, growth=2))._repr_svg_() is None
    assert jax.eval_shape(lambda: LINE)._repr_svg_() is None
    assert js.Grid([BATCH], {"name": (0,)})._repr_svg_() is None


def test_a_notebook_shows_a_grid():
    grid = js.grid(lambda a, b: js.Linear(a, b, 10), a=np.linspace(0, 1, 10), b=[0.0, 1.0, 2.0])
    root = ElementTree.fromstring(grid._repr_svg_())
    assert len(lines(root)) == 24
    assert texts(root)[0].startswith("24 of 30 in Grid(a=[0.0, ")
    assert texts(root)[-3:] == ["0, 0", "1, 2", "…"]
    markup = js.stack({"<a&b>": LINE, '"': LINE.warmup(5)})
    root = ElementTree.fromstring(markup._repr_svg_())
    assert texts(root) == ["Grid(name=['<a&b>', '\"'])", "1", "0", "15", "0", "<a&b>", '"']
    assert len(lines(root)) == 2
    names = [text.get("fill") for text in root.iter(f"{SVG}text")][-2:]
    assert names == [line.get("stroke") for line in root.iter(f"{SVG}polyline")]


# --- terminals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "steps", "expected"),
    [
        (js.Linear(0.0, 8.0, 8), 8, " ▁▂▃▄▅▆▇█"),
        (js.Linear(8.0, 0.0, 2), 2, "███▄▄▄   "),
        (js.Constant(0.5), 100, "█████████"),
        (js.PiecewiseConstant([500, 501], [0.5, 1.0, 0.5]), 899, "▄▄▄▄▄█▄▄▄"),
        (js.Cosine(1.0, 0.0, 7).restarts(1000), 7000, "█████████"),
    ],
)
def test_sparklines(schedule, steps, expected):
    assert sparkline(schedule, steps, width=9) == expected
