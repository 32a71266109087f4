/* Five exam marks on an axis, their z-scores, and what γ and β make of them. */
(function () {
  "use strict";
  const { Figure, make, number, scale, axis, mark, handle, range, button, table } = window.interactiveKit;
  const NAMES = ["A", "B", "C", "D", "E"];
  const START = [20, 50, 60, 80, 90];
  const ROW = 30, TOP = 46, LEFT = 26;

  customElements.define("ix-scores", class extends Figure {
    heading = "Move one mark, and all five z-scores answer";

    build() {
      Object.assign(this, { marks: [...START], gamma: 1, beta: 0, last: 0 });
      this.handles = NAMES.map((name, i) => handle({
        name: `Mark of student ${name}`, min: 0, max: 100, height: ROW,
        change: (value) => { this.marks[i] = value; this.last = i; this.update(); },
      }));
      const slider = (label, key, low, high) => (this.inputs[key] = range(label, `${label} (${key})`, {
        min: low, max: high, step: 0.1, value: this[key], change: this.changes(key),
      }));
      this.stage.append(
        this.canvas("Five marks from 0 to 100", ...this.handles),
        make("div", { class: "ix-controls" }, slider("γ", "gamma", -2, 2), slider("β", "beta", -3, 3),
          button("Reset", "Reset marks, γ and β", () => {
            Object.entries({ marks: [...START], gamma: 1, beta: 0, last: 0 }).forEach(([name, value]) => this.become(name, value));
            this.update();
          })),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("y = γz + β", ["student", "mark", "mark − μ", "z", "y"],
          NAMES.map((name) => [name, ...["mark", "deviation", "z", "y"].map((key) => ({ name: key + name }))])));
    }

    draw(width) {
      const { marks, gamma, beta } = this;
      const mean = marks.reduce((a, b) => a + b) / 5;
      const variance = marks.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 5;
      const equal = marks.every((x) => x === marks[0]);
      const std = equal ? 0 : Math.sqrt(variance);
      const z = marks.map((x) => (equal ? 0 : (x - mean) / std));
      const y = z.map((v) => gamma * v + beta);

      const right = width - 16, bottom = TOP + 5 * ROW, lower = bottom + 62, end = lower + 5 * 17;
      const toMark = scale(0, 100, LEFT + 12, right - 4);
      const toY = scale(-7, 7, LEFT + 12, right - 4);
      const middle = (i) => TOP + (i + 0.5) * ROW;
      const ruler = [-3, -2, -1, 0, 1, 2, 3].filter((k) => std && mean + k * std >= 0 && mean + k * std <= 100 && (k === 0 || std * toMark.unit > 18));
      const left = toMark(Math.max(0, mean - std)), across = toMark(Math.min(100, mean + std));
      this.paint(width, end + 44,
        make("rect", { class: "ix-band", x: left, y: TOP, width: Math.max(0, across - left), height: 5 * ROW }),
        make("line", { class: "ix-mean", x1: toMark(mean), x2: toMark(mean), y1: TOP, y2: bottom }),
        axis((k) => toMark(mean + k * std), TOP, LEFT, right, ruler, width < 320 ? "z (band: ±1)" : "z: standard deviations from the mean (band: ±1)", String, -1),
        axis(toMark, bottom, LEFT, right, [0, 20, 40, 60, 80, 100], "mark (drag the dots)"),
        axis(toY, end, LEFT, right, [-6, -4, -2, 0, 2, 4, 6], "y = γz + β"),
        make("line", { class: "ix-mean", x1: toY(0), x2: toY(0), y1: lower - 4, y2: end }),
        ...NAMES.flatMap((name, i) => {
          const dot = mark("diamond", "green", 5);
          dot.setAttribute("transform", `translate(${toY(y[i])} ${lower + 17 * (i + 0.5)})`);
          return [
            make("text", { x: 4, y: middle(i) + 5 }, name),
            make("line", { class: "ix-stem ix-blue", x1: toMark(mean), x2: toMark(marks[i]), y1: middle(i), y2: middle(i) }),
            make("text", { x: 4, y: lower + 17 * (i + 0.5) + 5 }, name),
            make("line", { class: "ix-stem ix-green", x1: toY(0), x2: toY(y[i]), y1: lower + 17 * (i + 0.5), y2: lower + 17 * (i + 0.5) }),
            dot,
          ];
        }));
      this.handles.forEach((node, i) => node.place(toMark(marks[i]), middle(i), marks[i], `${marks[i]}, z ${number(z[i])}`, toMark.unit));

      const i = this.last;
      const where = marks[i] === mean ? "at the mean" : `${number(Math.abs(z[i]))} standard deviations ${z[i] < 0 ? "below" : "above"} the mean`;
      this.put({
        state: `Mean ${number(mean)}, variance ${number(variance)}, standard deviation σ = ${number(std)}. ` + (equal
          ? `All marks are equal, so z is 0 by definition and every y is β = ${number(beta, 1)}.`
          : `${NAMES[i]}’s mark of ${marks[i]} lies ${where}; ` +
            `with γ = ${number(gamma, 1)} and β = ${number(beta, 1)} it becomes y = ${number(y[i])}.`),
      });
      NAMES.forEach((name, k) => this.put({
        ["mark" + name]: String(marks[k]), ["deviation" + name]: number(marks[k] - mean), ["z" + name]: number(z[k]), ["y" + name]: number(y[k]),
      }));
    }
  });
})();
