/* The variance of six numbers far from zero: in one pass, in two passes, in three precisions. */
(function () {
  "use strict";
  const { Figure, make, significant, float16, ladder, scale, axis, mark, sign, handle, range, choice, table } = window.interactiveKit;
  const DEVIATIONS = [-1.54, -0.88, -0.44, 0.22, 0.88, 1.76]; // mean 0, standard deviation 1.1
  const OFFSETS = ladder([1, 2, 5], 0, 6);
  const EPS = [[0, "0"], [1e-12, "10⁻¹²"], [1e-8, "10⁻⁸"], [1e-5, "10⁻⁵"], [1e-3, "10⁻³"], [0.1, "0.1"]];

  const TYPES = { float16: [float16, 10], float32: [Math.fround, 23], float64: [(x) => x, 52] };

  /** Mean and variance by both formulas, every single operation rounded by r. */
  function statistics(values, r) {
    let sum = 0, squares = 0, deviations = 0;
    for (const x of values) {
      sum = r(sum + x);
      squares = r(squares + r(x * x));
    }
    const n = values.length, mean = r(sum / n);
    for (const x of values) {
      const d = r(x - mean);
      deviations = r(deviations + r(d * d));
    }
    return { mean, one: r(r(squares / n) - r(mean * mean)), two: r(deviations / n) };
  }

  function measure(offset, type) {
    const [r, bits] = TYPES[type];
    const values = DEVIATIONS.map((v) => r(offset + v));
    const near = Math.floor(Math.log2(offset * offset));
    return { values, ...statistics(values, r), truth: statistics(values, (x) => x).two, spacing: 2 ** (near - bits) };
  }

  const miss = (variance, truth) => (variance === truth ? 0 : Math.abs(variance / truth - 1));

  /** The reference is computed in float64: it is right to 15 digits, and can't call another float64 exact. */
  function judge(variance, truth, type) {
    if (!Number.isFinite(variance)) return Number.isNaN(variance) ? "infinity minus infinity" : "an overflow";
    if (variance < 0) return "negative: its root is NaN";
    const error = miss(variance, truth), digits = Math.min(15, Math.floor(-Math.log10(error)));
    if (error === 0 && type !== "float64") return "exact";
    if (error >= 1) return "no digit right";
    return error >= 0.1 ? `off by ${Math.round(100 * error)} %` : `${digits} ${digits > 1 ? "digits" : "digit"} right`;
  }

  customElements.define("ix-precision", class extends Figure {
    heading = "One pass loses the variance long before two passes do";

    build() {
      Object.assign(this, { at: 9, type: "float32", eps: 3 });
      this.knob = handle({ name: "Offset", min: 0, max: 18, page: 3, shape: "square", colour: "ink", change: this.changes("at") });
      this.inputs = {
        type: choice("Precision of every operation", Object.keys(TYPES).map((name) => [name, name]), this.type, this.changes("type")),
        eps: range("ε", "ε (epsilon)", {
          min: 0, max: EPS.length - 1, step: 1, value: this.eps, text: (i) => EPS[i][1], change: this.changes("eps"),
        }),
      };
      this.stage.append(
        this.inputs.type,
        this.canvas("Error of the variance against the offset", this.knob),
        make("p", { class: "ix-key", "aria-hidden": "true" },
          sign("square", "red", "one pass"), sign("circle", "blue", "two passes"), make("span", {}, "✕ negative, infinite or NaN")),
        make("div", { class: "ix-controls" }, this.inputs.eps),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("The first feature is 1.4 standard deviations below the mean", ["formula", "variance", "√(σ² + ε)", "its x̂"],
          [["exact", { name: "v0" }, { name: "s0" }, { name: "h0" }], ["one pass", { name: "v1" }, { name: "s1" }, { name: "h1" }],
            ["two passes", { name: "v2" }, { name: "s2" }, { name: "h2" }]]));
    }

    draw(width) {
      const [r] = TYPES[this.type], offset = OFFSETS[this.at], shown = offset.toLocaleString("en-GB");
      const now = measure(offset, this.type);
      const left = 52, right = width - 16, top = 34, bottom = 250, floor = -17, ceiling = 9;
      const toX = scale(0, 6, left + 8, right - 14), toY = scale(floor, ceiling, bottom, top);
      const lines = [], marks = [], put = (p, node) => { node.setAttribute("transform", `translate(${p})`); marks.push(node); };
      for (const [key, shape, colour] of [["one", "square", "red"], ["two", "circle", "blue"]]) {
        const line = [];
        for (const value of OFFSETS) {
          const { [key]: variance, truth } = measure(value, this.type);
          const x = toX(Math.log10(value));
          const error = miss(variance, truth);
          if (!Number.isFinite(error) || variance < 0) {
            put([x, top - (key === "one" ? 4 : 18)], make("path", { class: `ix-cross ix-${colour}`, d: "M-4 -4L4 4M4 -4L-4 4" }));
          } else {
            const p = [x, toY(Math.max(floor, Math.log10(error)))];
            line.push(p);
            put(p, mark(shape, colour, 4));
          }
        }
        lines.push(make("polyline", { class: `ix-line ix-${colour}${key === "two" ? " ix-dashed" : ""}`, points: line.join(" ") }));
      }
      const x = toX(Math.log10(offset));
      this.paint(width, bottom + 52,
        ...[[-16, "10⁻¹⁶"], [-12, "10⁻¹²"], [-8, "10⁻⁸"], [-4, "10⁻⁴"], [0, "1"], [4, "10⁴"], [8, "10⁸"]].flatMap(([power, label]) => [
          make("line", { class: power ? "ix-rule" : "ix-rule ix-one", x1: left, x2: right, y1: toY(power), y2: toY(power) }),
          make("text", { x: left - 6, y: toY(power) + 5, "text-anchor": "end" }, label)]),
        make("text", { x: right, y: toY(0) - 14, "text-anchor": "end", class: "ix-quiet" }, "above: no digit right"),
        make("text", { x: 2, y: 14, class: "ix-quiet" }, "relative error"),
        make("line", { class: "ix-mean", x1: x, x2: x, y1: top - 24, y2: bottom }),
        ...lines, ...marks,
        axis(toX, bottom, left, right, [0, 1, 2, 3, 4, 5, 6], "offset (drag the square)", (k) => (k ? "10" + "⁰¹²³⁴⁵⁶"[k] : "1")));
      this.knob.place(x, bottom, this.at, shown, (right - left - 22) / 18);

      const eps = r(EPS[this.eps][0]);
      const root = (variance) => r(Math.sqrt(r(variance + eps)));
      const normal = (variance) => r(r(now.values[0] - now.mean) / root(variance));
      const exact = Math.sqrt(now.truth + EPS[this.eps][0]);
      const centre = now.values.reduce((a, b) => a + b) / 6;
      const lost = now.values.some((v) => !Number.isFinite(v));
      this.put({
        state: `${this.type}, six numbers near ${shown}. ` + (lost
          ? "They are beyond 65,504, where float16 ends: stored, they are infinite, and nothing computed from them means anything."
          : (r(offset * offset) === Infinity ? "Their squares are beyond 65,504, where float16 ends. "
            : `Their squares are stored in steps of ${significant(now.spacing, 1)}. `) +
            (now.truth ? "" : "Stored, all six are one and the same number: the exact variance is 0. ") +
            `One pass gives ${significant(now.one)} (${judge(now.one, now.truth, this.type)}), two passes ${significant(now.two)} (${judge(now.two, now.truth, this.type)}).` +
            (eps === 0 && this.eps ? ` This ε is too small for ${this.type} and counts as 0.` : "")),
        v0: significant(now.truth), s0: significant(exact), h0: significant((now.values[0] - centre) / exact),
        v1: significant(now.one), s1: significant(root(now.one)), h1: significant(normal(now.one)),
        v2: significant(now.two), s2: significant(root(now.two)), h2: significant(normal(now.two)),
      });
    }
  });
})();
