/* A token on the bench: how large the error of a mistaken norm is for it, and whether trained models have such tokens. */
(function () {
  "use strict";
  const { Figure, make, significant, float16, ladder, clamp, scale, axis, mark, handle, notches, choice, table } = window.interactiveKit;
  const KNOBS = { // a spread of 1, 2 or 5 would have a round square, and rounding would do it no harm
    spread: { name: "Spread", label: "spread", values: ladder([1.1, 3.3], -7, 3), ticks: [1e-6, 1e-4, 0.01, 1, 100] },
    mean: { name: "Mean divided by the spread", label: "mean ÷ spread", values: [0, ...ladder([1, 2, 5], -2, 4)], ticks: [0, 0.1, 1, 10, 100, 1000] },
    features: { name: "Features", label: "features", ticks: [4, 16, 64, 256, 1024],
      values: [4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 576, 768, 1024] },
    eps: { name: "ε (epsilon)", label: "ε", values: [1e-12, 1e-6, 1e-5, 0.1] },
  };
  const AXES = ["spread", "mean", "features"];
  const MISTAKES = {
    eps: ["ε left out", { eps: 0 }], other: ["ε always 10⁻⁵", { eps: 1e-5 }], ddof: ["ddof = 1", { ddof: 1 }],
    onePass: ["one-pass variance", { onePass: true }], half: ["float16 statistics", { r: float16 }], meanLeft: ["mean left in", { centre: false }],
  };
  const LOW = -9, HIGH = 2; // powers of ten; what lies beyond is drawn at the edge
  const LEFT = 48, TOP = 60, BOTTOM = 250, GOLDEN = (Math.sqrt(5) - 1) / 2;

  const power = (value) => (value >= 1000 ? value.toLocaleString("en-GB") : significant(value, 3).replace(".00 ", " ").replace(/^1 × /, ""));

  const exact = (value) => value;

  /** The sum of neighbours, then of neighbouring sums, and so on, each rounded by r. */
  function total(values, r = exact) {
    const pair = (_, i) => r(values[2 * i] + (values[2 * i + 1] ?? 0));
    return values.length > 1 ? total(Array.from({ length: Math.ceil(values.length / 2) }, pair), r) : values[0];
  }

  /** Bell-shaped numbers with this standard deviation, in float32; the mean counts in spreads. */
  function token({ features, spread, mean }) {
    const bell = Array.from({ length: features }, (_, j) => ((j + 0.5) * GOLDEN) % 1).map((u) => Math.log(u / (1 - u)));
    const centre = total(bell) / features, size = Math.sqrt(total(bell.map((v) => (v - centre) ** 2)) / features);
    return bell.map((v) => Math.fround(mean * spread + spread * ((v - centre) / size)));
  }

  /** The token normalised. Every operation is rounded by r, within a sum by `within`; the defaults are right, in float32. */
  function normalise(x, { eps, r = Math.fround, within = Math.fround, ddof = 0, onePass = false, centre = true }) {
    const z = x.map(r), n = z.length, squares = (values) => total(values.map((v) => r(v * v)), within);
    const mean = centre ? r(total(z, within) / n) : 0, apart = z.map((v) => r(v - mean));
    const square = onePass ? r(r(squares(z) / n) - r(mean * mean)) : r(r(squares(apart)) / (n - ddof));
    const root = r(Math.sqrt(r(square + r(eps))));
    return apart.map((v) => r(v / root));
  }

  /** What is right, what the mistaken norm gives, and the largest error of it and of a right norm in float32. */
  function judge(state) {
    const { eps } = state, x = token(state), right = normalise(x, { eps, r: exact, within: exact });
    const found = normalise(x, { eps, ...MISTAKES[state.mistake][1] }), largest = Math.max(...right.map(Math.abs));
    const error = (y) => Math.max(...y.map((v, j) => Math.abs(v - right[j]))) / largest;
    return { x, right, found, error: error(found), floor: error(normalise(x, { eps })) };
  }

  /** Where a value stands among those of a knob, in steps. */
  function place({ values }, value) {
    const i = values.findIndex((v) => v >= value);
    if (i < 1) return i ? values.length - 1 : 0;
    return i - 1 + (values[i - 1] ? Math.log(value / values[i - 1]) / Math.log(values[i] / values[i - 1]) : value / values[i]);
  }

  customElements.define("ix-bench", class extends Figure {
    heading = "Every mistake is large somewhere, mostly far from a model’s tokens";

    build() {
      Object.assign(this, { mistake: "eps", along: "spread", features: 384, spread: 0.33, mean: 0.05, eps: 1e-12 });
      const sliders = Object.fromEntries(Object.entries(KNOBS).map(([key, { name, label, values }]) =>
        [key, notches(label, name, values, { value: this[key], text: power, change: this.changes(key) })]));
      this.handles = Object.fromEntries(AXES.map((key) => [key, handle({
        name: KNOBS[key].name, min: 0, max: KNOBS[key].values.length - 1, page: 3, shape: "square", colour: "ink",
        change: (i) => { this.become(key, KNOBS[key].values[i]); this.update(); },
      })]));
      this.inputs = {
        mistake: choice("Mistake of the norm", Object.entries(MISTAKES).map(([key, [words]]) => [key, words]), this.mistake, this.changes("mistake")),
        along: choice("What changes along the axis", AXES.map((key) => [key, key]), this.along, this.changes("along")),
        ...sliders,
      };
      const cells = (j) => [String(j + 1), { name: `x${j}` }, { name: `right${j}` }, { name: `found${j}` }];
      this.stage.append(
        this.inputs.mistake, this.inputs.along,
        this.canvas("Largest error of the mistaken norm against one property of the token"),
        make("p", { class: "ix-key", "aria-hidden": "true" },
          ...["thin: a right norm in float32", "✕ infinite or NaN", "above 100: drawn at 100"].map((words) => make("span", {}, words))),
        make("div", { class: "ix-controls" }, ...Object.values(sliders)),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("The token’s beginning, with γ = 1 and β = 0", ["feature", "given", "right", "mistaken"], [0, 1, 2].map(cells)));
    }

    /** Where the tokens of the models lie on this axis: a band for each, with a bar and its name above. */
    lives(toX) {
      return Object.entries(this.data.models).flatMap(([name, model], k) => {
        const [from, to] = { spread: model.spread, mean: [0, model.mean], features: [model.features, model.features] }[this.along]
          .map((value, end) => toX(place(KNOBS[this.along], value)) + 6 * end - 3); // six pixels at least
        const y = 32 + 17 * k, before = from > LEFT + 80;
        return [
          make("rect", { class: "ix-band", x: from, y, width: to - from, height: BOTTOM - y }),
          make("line", { class: `ix-stem ix-blue${k ? " ix-dashed" : ""}`, x1: from, x2: to, y1: y, y2: y }),
          make("text", { x: before ? from - 6 : to + 6, y: y + 4, "text-anchor": before ? "end" : "start", class: "ix-narrow" }, name),
        ];
      });
    }

    draw(width) {
      const knob = KNOBS[this.along], right = width - 12, limit = this.data.tolerance;
      const toX = scale(0, knob.values.length - 1, LEFT + 8, right - 12), toY = scale(LOW, HIGH, BOTTOM, TOP);
      const height = (value) => toY(Number.isFinite(value) ? clamp(Math.log10(value), LOW, HIGH) : HIGH);
      const course = knob.values.map((value, i) => ({ column: toX(i), ...judge({ ...this, [this.along]: value }) }));
      const line = (key) => course.filter((p) => Number.isFinite(p[key])).map((p) => `${p.column},${height(p[key])}`).join(" ");
      const cross = (p) => make("path", { class: "ix-cross ix-red", d: "M-4 -4L4 4M4 -4L-4 4", transform: `translate(${p.column} ${TOP})` });
      const free = (i) => Math.abs(height(course.at(i).error) - height(limit)); // of the line, for words above the limit
      const at = knob.values.indexOf(this[this.along]), now = course[at], here = mark("circle", "red", 6);
      here.setAttribute("transform", `translate(${now.column} ${height(now.error)})`);
      this.paint(width, BOTTOM + 48,
        ...[[-8, "10⁻⁸"], [-6, "10⁻⁶"], [-4, "10⁻⁴"], [-2, "0.01"], [0, "1"], [2, "100"]].flatMap(([exponent, label]) => [
          make("line", { class: "ix-rule", x1: LEFT, x2: right, y1: toY(exponent), y2: toY(exponent) }),
          make("text", { x: LEFT - 6, y: toY(exponent) + 5, "text-anchor": "end" }, label)]),
        make("text", { x: 2, y: 14, class: "ix-quiet" }, "largest error ÷ largest output"),
        ...this.lives(toX),
        make("line", { class: "ix-line ix-orange ix-dashed", x1: LEFT, x2: right, y1: height(limit), y2: height(limit) }),
        make("text", { ...(free(3) > free(-4) ? { x: LEFT + 4 } : { x: right, "text-anchor": "end" }), y: height(limit) - 6, class: "ix-name" },
          "a unit test notices"),
        make("line", { class: "ix-mean", x1: now.column, x2: now.column, y1: TOP, y2: BOTTOM }),
        make("polyline", { class: "ix-ghost", points: line("floor") }),
        make("polyline", { class: "ix-line ix-red", points: line("error") }),
        ...course.filter((p) => !Number.isFinite(p.error)).map(cross), here,
        axis(toX, BOTTOM, LEFT, right, knob.ticks.map((tick) => place(knob, tick)), `${knob.label} (drag the square)`,
          (position) => power(knob.ticks.find((tick) => place(knob, tick) === position))));
      const held = this.handles[this.along];
      if (!held.isConnected) this.svg.replaceChildren(this.back, held); // one that is being dragged stays where it is
      held.place(now.column, BOTTOM, at, power(this[this.along]), toX.unit);
      this.put({ state: this.told(now.error) });
      [0, 1, 2].forEach((j) => this.put({
        [`x${j}`]: significant(now.x[j]), [`right${j}`]: significant(now.right[j], 4), [`found${j}`]: significant(now.found[j], 4),
      }));
    }

    told(error) {
      const limit = this.data.tolerance, seen = !(error <= limit), models = Object.entries(this.data.models).map(([name, model]) => {
        const [low, high] = model.spread.map((value) => significant(value, 2));
        return { name, apart: [
          this.features !== model.features && `have ${model.features} features`,
          (this.spread < model.spread[0] || this.spread > model.spread[1]) && `spread by ${low} to ${high}`,
          this.mean > model.mean && `have means of at most ${significant(model.mean, 2)} spreads`,
        ].filter(Boolean) };
      });
      const near = models.reduce((a, b) => (b.apart.length < a.apart.length ? b : a));
      return `With “${MISTAKES[this.mistake][0]}” the ` +
        (!Number.isFinite(error) ? "output is infinite or NaN." : `relative error is ${error > 100 ? "above 100" : significant(error, 2)}.`) +
        (seen ? " A unit test with this token notices. " : ` A unit test with this token lets it pass (tolerance ${limit}). `) +
        (near.apart.length ? `Neither model has such tokens: ${near.name}’s ${near.apart[0]}.`
          : `${near.name} has such tokens${seen ? ", and the whole model may show it" : ""}.`);
    }
  });
})();
