/* One head of attention on four tokens: where the mask stands, which way the softmax runs, and who notices another last word. */
(function () {
  "use strict";
  const { Figure, make, number, minus, range, choice, table } = window.interactiveKit;
  const TOKENS = ["the", "cat", "sat", "down"], LAST = TOKENS.length - 1;
  const Q = [[1, 0], [0, 1], [2, 1], [1, 2]], K = [[0, 1], [2, 0], [1, 1], [0, 2]], V = [[1, 0], [8, 2], [0, 4], [6, 6]];
  const MASKS = { before: "before the softmax", after: "after it", none: "nowhere" };
  const AXES = { keys: "the keys", queries: "the queries" };
  const TALL = 34;

  const turned = (rows) => rows[0].map((_, j) => rows.map((row) => row[j]));
  const softmax = (row) => {
    const top = Math.max(...row), powers = row.map((s) => Math.exp(s - top));
    const sum = powers.reduce((a, b) => a + b);
    return powers.map((p) => p / sum);
  };

  /** Weights, the sum of each row of them, and outputs; the last token's vectors are `last` times what they are. */
  function attend({ mask, axis, scale }, last) {
    const stretched = (rows) => rows.map((row, i) => (i === LAST ? row.map((x) => last * x) : row));
    const [q, k, v] = [Q, K, V].map(stretched);
    const hidden = (i, j) => j > i;
    const scores = q.map((a, i) => k.map((b, j) =>
      (mask === "before" && hidden(i, j) ? -Infinity : (a[0] * b[0] + a[1] * b[1]) / (scale === "yes" ? Math.SQRT2 : 1))));
    const shares = axis === "keys" ? scores.map(softmax) : turned(turned(scores).map(softmax));
    const weights = shares.map((row, i) => row.map((a, j) => (mask === "after" && hidden(i, j) ? 0 : a)));
    return {
      weights,
      sums: weights.map((row) => row.reduce((a, b) => a + b)),
      outputs: weights.map((row) => [0, 1].map((f) => row.reduce((sum, a, j) => sum + a * v[j][f], 0))),
    };
  }

  customElements.define("ix-attention", class extends Figure {
    heading = "Only a mask before the softmax hides the last word from those who came earlier";

    build() {
      Object.assign(this, { mask: "before", axis: "keys", scale: "yes", last: 1 });
      const { mask, axis, scale, last } = this.inputs = {
        mask: choice("The mask stands", Object.entries(MASKS), this.mask, this.changes("mask")),
        axis: choice("The softmax runs along", Object.entries(AXES), this.axis, this.changes("axis")),
        scale: choice("Divided by √dₕ", [["yes", "yes"], ["no", "no"]], this.scale, this.changes("scale")),
        last: range("another last word", "The last word’s vectors, times this number", {
          min: -2, max: 2, step: 0.5, value: this.last, text: (x) => `× ${minus(String(x))}`, change: this.changes("last"),
        }),
      };
      this.stage.append(
        mask, axis, scale,
        this.canvas("The weights: a row for each token that asks, a column for each that is asked"),
        make("div", { class: "ix-controls" }, last),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("What each row gives away, and what it fetches", ["token", "adds up to", "output", "another word"],
          TOKENS.map((token, i) => [token, ...["sum", "out", "moved"].map((name) => ({ name: name + i }))])));
    }

    draw(width) {
      const now = attend(this, this.last), usual = attend(this, 1);
      const moved = now.outputs.map((row, i) => row.some((x, f) => Math.abs(x - usual.outputs[i][f]) > 1e-9));
      const left = 50, top = 26, wide = Math.min(72, (width - left - 58) / TOKENS.length);
      const place = (i, j) => ({ x: left + j * wide + 2, y: top + i * TALL + 2, width: wide - 4, height: TALL - 4 });
      this.paint(width, top + TOKENS.length * TALL + 6,
        ...TOKENS.map((token, j) => make("text", { x: left + (j + 0.5) * wide, y: top - 8, "text-anchor": "middle" }, token)),
        make("text", { x: left + TOKENS.length * wide + 8, y: top - 8, class: "ix-quiet" }, "Σ"),
        ...TOKENS.flatMap((token, i) => [
          make("text", { x: left - 8, y: top + (i + 0.5) * TALL + 5, "text-anchor": "end" }, token),
          ...now.weights[i].flatMap((a, j) => [
            make("rect", { class: "ix-weight", ...place(i, j), "fill-opacity": 0.5 * a }),
            make("text", { x: left + (j + 0.5) * wide, y: top + (i + 0.5) * TALL + 5, "text-anchor": "middle" }, number(a)),
          ]),
          ...(moved[i] && i < LAST ? [make("rect", { class: "ix-moved", x: left - 1, y: top + i * TALL, width: TOKENS.length * wide + 2, height: TALL })] : []),
          make("text", { x: left + TOKENS.length * wide + 8, y: top + (i + 0.5) * TALL + 5 }, number(now.sums[i])),
        ]));
      const told = (i) => (this.last === 1 ? "–" : moved[i] ? "moved" : "as before");
      this.put({
        state: this.told(now, moved),
        ...Object.fromEntries(TOKENS.flatMap((_, i) => [
          [`sum${i}`, number(now.sums[i])], [`out${i}`, `(${now.outputs[i].map((x) => number(x)).join(",\u00a0")})`], [`moved${i}`, told(i)],
        ])),
      });
    }

    told(now, moved) {
      const ones = now.sums.every((sum) => Math.abs(sum - 1) < 1e-9);
      const sums = ones ? "Every row gives away 1." : `The rows give away ${now.sums.map((sum) => number(sum)).join(", ")}.`;
      const early = TOKENS.slice(0, LAST).filter((_, i) => moved[i]);
      if (this.last === 1) return `${sums} Take another last word: which rows above it notice?`;
      if (!early.length) return `${sums} The last word is another one, and no row above it has noticed.`;
      const how = this.mask === "none" ? "they see it" : this.axis === "queries" ? "its scores count in every column’s sum" : "its score counts in the sums by which their shares are divided";
      return `${sums} The last word is another one, and so are the outputs of ${early.join(", ")}: ${how}. That is the future, leaking.`;
    }
  });
})();
