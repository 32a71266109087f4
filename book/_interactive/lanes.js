/* A row in a block of eight lanes: what a kernel's two sums make of the lanes that have no feature. */
(function () {
  "use strict";
  const { Figure, make, minus, range, choice, table } = window.interactiveKit;
  const BLOCK = 8, TALL = 30, GAP = 30;
  const ROW = [2, 4, 6, 8, 10, 3, 9, 6], NEXT = [5, 1, 7, 4, 8, 2, 6];
  const LOADS = { bare: "tl.load(p)", mask: "tl.load(p, mask)", other: "tl.load(p, mask, other=0.0)" };
  const UNKNOWN = null; // what nobody has promised, and all that is computed from it

  const add = (values) => (values.includes(UNKNOWN) ? UNKNOWN : values.reduce((a, b) => a + b, 0));
  const apply = (value, f) => (value === UNKNOWN ? UNKNOWN : f(value));
  const short = (value, digits = 2) => (value === UNKNOWN ? "?" : minus(String(+value.toFixed(digits))));

  /** The lanes after each step of the kernel, and its mean and variance. */
  function run(n, shift, load, where) {
    const surplus = { bare: (j) => NEXT[j - n] + shift, mask: () => UNKNOWN, other: () => 0 }[load];
    const loaded = Array.from({ length: BLOCK }, (_, j) => (j < n ? ROW[j] + shift : surplus(j)));
    const mean = apply(add(loaded), (sum) => sum / n);
    const apart = loaded.map((x) => (x === UNKNOWN || mean === UNKNOWN ? UNKNOWN : x - mean));
    const kept = apart.map((d, j) => (where && j >= n ? 0 : d));
    const squares = kept.map((d) => apply(d, (value) => value * value));
    return { loaded, mean, apart, kept, squares, variance: apply(add(squares), (sum) => sum / n) };
  }

  customElements.define("ix-lanes", class extends Figure {
    heading = "A lane without a feature counts, unless the kernel says no twice";

    build() {
      Object.assign(this, { n: 5, shift: 0, load: "other", where: "no" });
      const { load, where, n, shift } = this.inputs = {
        load: choice("The row is loaded by", Object.entries(LOADS), this.load, this.changes("load")),
        where: choice("Between the subtraction and the square", [["no", "nothing"], ["yes", "tl.where(inside, d, 0.0)"]], this.where, this.changes("where")),
        n: range("features", "Features of the row", { min: 1, max: BLOCK, step: 1, value: this.n, text: String, change: this.changes("n") }),
        shift: range("shift", "Shift, added to all numbers in memory", { min: -6, max: 6, step: 1, value: this.shift, text: (v) => minus(String(v)), change: this.changes("shift") }),
      };
      this.stage.append(
        load, where,
        this.canvas("The lanes of the block after each step"),
        make("div", { class: "ix-controls" }, n, shift),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("Both sums are divided by the number of features", ["quantity", "the kernel’s", "right"], [
          ["mean", { name: "mean" }, { name: "trueMean" }], ["variance", { name: "variance" }, { name: "trueVariance" }],
        ]));
    }

    /** One step: its code, its lanes, and the sum of them where the kernel makes one. `counts` are lanes that spoil it. */
    step(width, at, code, values, sum, counts) {
      const wide = Math.min(52, (width - 66) / BLOCK), narrow = wide < 44, top = 20 + at * (TALL + GAP);
      const digits = (value) => (!narrow ? 2 : Math.abs(value) < 9.95 ? 1 : 0);
      const lane = (value, j) => make("g", {},
        make("rect", { class: `ix-lane${j < this.n ? "" : " ix-surplus"}${counts(value, j) ? " ix-counts" : ""}`, x: 2 + j * wide, y: top, width: wide - 4, height: TALL }),
        make("text", { x: j * wide + wide / 2, y: top + TALL / 2 + 5, "text-anchor": "middle", ...(narrow && { class: wide < 30 ? "ix-narrow ix-tiny" : "ix-narrow" }) },
          short(value, digits(value))));
      return [
        make("text", { x: 2, y: top - 7, class: "ix-code" }, code),
        ...values.map(lane),
        make("text", { x: BLOCK * wide + 4, y: top + TALL / 2 + 5 }, sum === undefined ? "" : `Σ ${short(sum)}`),
      ];
    }

    draw(width) {
      const { n, shift, load } = this, where = this.where === "yes";
      const k = run(n, shift, load, where), right = run(n, shift, "other", true);
      const spoils = (value, j) => j >= n && value !== 0;
      const never = () => false;
      const steps = [
        [`x = ${LOADS[load]}`, k.loaded, add(k.loaded), spoils],
        ["d = x - tl.sum(x) / n", k.apart, undefined, never],
        ...(where ? [["d = tl.where(inside, d, 0.0)", k.kept, undefined, never]] : []),
        ["d * d", k.squares, add(k.squares), spoils],
      ];
      this.paint(width, 4 * (TALL + GAP), ...steps.flatMap((step, i) => this.step(width, i, ...step)));
      this.put({
        state: this.told(k, right, where),
        mean: short(k.mean), variance: short(k.variance), trueMean: short(right.mean), trueVariance: short(right.variance),
      });
    }

    told(k, right, where) {
      const { n, load } = this, left = BLOCK - n;
      if (!left) return "Eight features fill the block. There is no surplus lane, and every one of these kernels is right.";
      const lanes = left > 1 ? `the ${left} surplus lanes` : "the surplus lane", holds = left > 1 ? "hold" : "holds";
      const begin = `${n} ${n > 1 ? "features" : "feature"} in eight lanes: `;
      if (load === "mask") {
        return `${begin}nobody has promised what ${lanes} ${holds}, and it goes into the first sum. So nothing that follows is known` +
          (where ? ", whatever tl.where does afterwards." : ".");
      }
      if (load === "bare") {
        return `${begin}${lanes} ${holds} the beginning of the next row, which goes into the first sum: the mean is ${short(k.mean)} in place of ${short(right.mean)}` +
          (where ? ". For that tl.where comes too late." : ", and the variance is wrong as well.");
      }
      if (where) return `${begin}${lanes} ${holds} 0 in both sums. Mean and variance are right.`;
      if (k.mean === 0) return `${begin}${lanes} ${holds} 0. The mean happens to be 0, and 0 − 0 is 0: here the mistake can’t be seen.`;
      const more = add(k.squares) - add(right.squares);
      return `${begin}${lanes} ${holds} 0, which does the first sum no harm. Then 0 − ${right.mean < 0 ? `(${short(right.mean)})` : short(right.mean)} = ${short(-right.mean)}, ` +
        `whose square counts ${left > 1 ? `${left} times` : "once"}: ${short(more)} too much, and a variance of ${short(k.variance)} in place of ${short(right.variance)}.`;
    }
  });
})();
