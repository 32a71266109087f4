/* Two networks that are called pre-norm: what a larger stream, and a larger last matrix, do to each of them. */
(function () {
  "use strict";
  const { Figure, make, number, significant, ladder, reach, bars, notches, table } = window.interactiveKit;
  const TOKENS = [[1, 1, -1, -1], [1, -1, 1, -1], [-1, 1, 1, -1], [1, -1, -1, 1]]; // each has mean 0 and variance 1
  const Q = [[0, -0.5], [-1, 0.5], [0, 1], [-0.5, 1]], K = [[0, 0.5], [-0.5, 0], [-0.5, -0.5], [0, 0.5]];
  const V = [[0.5, 0.5], [0, 0], [-1, 1], [0.5, -1]], O = [[0.5, 0.5, 1, -1], [0, 1, 0, 0]];
  const EPS = 1e-5, HIGH = 90, TALL = 152;
  const NETWORKS = { pre: ["x\u00a0+\u00a0F(LN(x))", "blue"], res: ["x\u00a0+\u00a0LN(F(x))", "orange"] }; // a formula stays on one line

  const sum = (values) => values.reduce((a, b) => a + b);
  const times = (row, matrix) => matrix[0].map((_, j) => sum(row.map((value, i) => value * matrix[i][j])));
  const rms = (row) => Math.sqrt(sum(row.map((value) => value * value)) / row.length);

  function norm(row) {
    const apart = row.map((value) => value - sum(row) / row.length);
    return apart.map((value) => value / Math.sqrt(rms(apart) ** 2 + EPS));
  }

  /** F for the last token: the shares of its attention, and what comes out of the last matrix. */
  function attend(rows, write) {
    const q = times(rows.at(-1), Q);
    const scores = rows.map((row) => sum(times(row, K).map((k, j) => k * q[j])) / Math.SQRT2);
    const powers = scores.map((score) => Math.exp(score - Math.max(...scores)));
    const shares = powers.map((power) => power / sum(powers));
    return { shares, out: times(times(shares, rows.map((row) => times(row, V))), O).map((value) => write * value) };
  }

  /** Where the last token looks in each network, and what the sub-layer adds to it. */
  function both(stream, write) {
    const rows = TOKENS.map((row) => row.map((value) => stream * value));
    const pre = attend(rows.map(norm), write), res = attend(rows, write);
    return { pre: { shares: pre.shares, added: pre.out }, res: { shares: res.shares, added: norm(res.out) } };
  }

  const entropy = (shares) => -sum(shares.map((a) => (a ? a * Math.log(a) : 0)));

  customElements.define("ix-prenorms", class extends Figure {
    heading = "One name, two networks: each is deaf to one knob";

    build() {
      Object.assign(this, { stream: 1, write: 1 });
      const knob = (key, label, name, values) => notches(label, name, values, { value: 1, text: (v) => `× ${v}`, change: this.changes(key) });
      this.inputs = {
        stream: knob("stream", "the stream", "Multiply the stream", [1, 2, 4, 8, 16]),
        write: knob("write", "the last matrix", "Multiply the last matrix of F", ladder([1, 2, 5], -1, 1)),
      };
      const drawing = this.canvas("");
      drawing.setAttribute("role", "img"); // its name has the numbers
      this.stage.append(
        drawing,
        make("p", { class: "ix-key", "aria-hidden": "true" },
          ...["filled: now", "outline: both knobs at 1"].map((words) => make("span", {}, words))),
        make("div", { class: "ix-controls" }, ...Object.values(this.inputs)),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("The last of four tokens", ["now", ...Object.values(NETWORKS).map(([formula]) => formula)],
          [["entropy of its attention", "Entropy"], ["RMS of what is added", "Added"], ["the same ÷ RMS of the stream", "Part"]]
            .map(([words, name]) => [words, ...Object.keys(NETWORKS).map((key) => ({ name: key + name }))])));
    }

    draw(width) {
      const start = both(1, 1), now = both(this.stream, this.write), half = (width - 12) / 2;
      const high = reach([start, now].flatMap(({ pre, res }) => [...pre.added, ...res.added]));
      this.paint(width, 2 * TALL, ...Object.entries(NETWORKS).flatMap(([key, [formula, colour]], i) => {
        const panel = (left, title, low, top, what) => bars({ left, width: half, top: i * TALL + 30, bottom: i * TALL + 30 + HIGH,
          title, colour, low, high: top, before: start[key][what], now: now[key][what] });
        const title = width < 300 ? formula : `${formula} looks at`; // on the smallest phones it would run into the next panel's
        return [...panel(0, title, 0, 1, "shares"), ...panel(half + 12, "and adds", -high, high, "added")];
      }));
      const row = (values) => values.map((value) => significant(value, 3)).join(", ");
      this.svg.setAttribute("aria-label", Object.entries(NETWORKS).map(([key, [formula]]) =>
        `${formula}: attention to tokens 1 to 4 ${row(now[key].shares)}; added to features 1 to 4 ${row(now[key].added)}.`).join(" "));
      this.put({ state: this.told(start, now), ...Object.fromEntries(Object.keys(NETWORKS).flatMap((key) => {
        const { shares, added } = now[key];
        return [[`${key}Entropy`, number(entropy(shares))], [`${key}Added`, number(rms(added))], [`${key}Part`, number(rms(added) / this.stream, 3)]];
      })) });
    }

    told(start, now) {
      if (this.stream === 1 && this.write === 1) return "At first both look at the tokens alike: the stream has mean 0 and variance 1, so a norm in front changes nothing. Turn a knob. Who notices?";
      const [pre, res] = Object.values(NETWORKS).map(([formula]) => formula), said = [];
      if (this.stream !== 1) {
        const most = now.res.shares.indexOf(Math.max(...now.res.shares));
        said.push(`The stream is ${this.stream} times as large. ${pre} looks where it looked; in ${res} token ${most + 1} now has ` +
          `${number(now.res.shares[most])} of the attention, not ${number(start.res.shares[most])}.`);
      }
      if (this.write !== 1)
        said.push(`The last matrix is ${this.write} times as large. ${pre} adds ${this.write} times as much, RMS ${number(rms(now.pre.added))}; ` +
          `${res} adds RMS ${number(rms(now.res.added))}, as before.`);
      return said.join(" ");
    }
  });
})();
