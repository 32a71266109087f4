/* What depth does to an untrained stack: the stream's variance and the gradients block by block, as measured. */
(function () {
  "use strict";
  const { Figure, make, significant, scale, axis, mark, range, choice, table } = window.interactiveKit;
  const WORDS = {
    none: "No norm", post: "Post-norm", pre: "Pre-norm", "res-post": "Res-post", "res-post, QK-norm": "Res-post with QK-norm",
    sandwich: "Sandwich", deepnorm: "DeepNorm",
  };
  const LOW = -1, HIGH = 3; // powers of ten on both panels; what lies beyond is a cross at the edge
  const POWERS = { "-1": "0.1", 0: "1", 1: "10", 2: "100", 3: "1000" };
  const TALL = 150;

  customElements.define("ix-depth", class extends Figure {
    heading = "With a norm in the side street the stream adds up; with none, it explodes";

    build() {
      Object.assign(this, { placement: "pre", at: this.data.depths.length - 1 });
      const row = (head, name) => [head, { name: name + "0" }, { name: name + "1" }, { name: name + "2" }];
      this.inputs = {
        placement: choice("Placement of the norm", Object.keys(this.data.variants).map((name) => [name, WORDS[name]]), this.placement,
          this.changes("placement")),
        at: range("Blocks", "Depth: number of blocks", {
          min: 0, max: this.data.depths.length - 1, step: 1, value: this.at,
          text: (i) => String(this.data.depths[i]), change: this.changes("at"),
        }),
      };
      this.stage.append(
        this.inputs.placement,
        make("div", { class: "ix-controls" }, this.inputs.at),
        this.canvas("Two panels: variance of the stream after each block, and gradient of W₂ in each block"),
        make("p", { class: "ix-key", "aria-hidden": "true" },
          make("span", {}, "thin: the other placements"), make("span", {}, "✕ beyond the panel")),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("Measured at initialisation, mean of five draws", ["quantity", "start", "middle", "end"], [
          row("variance of the stream", "v"), row("gradient of W₂", "g"),
        ]));
    }

    panel(width, top, key, title, first) {
      const depth = this.data.depths[this.at], left = 46, right = width - 14, bottom = top + TALL;
      const toX = scale(first, depth, left + 8, right - 8), toY = scale(LOW, HIGH, bottom, top);
      const values = (name) => this.data.variants[name][depth][key];
      const height = (value) => toY(Math.min(HIGH, Math.max(LOW, Math.log10(value))));
      const points = (name) => values(name).map((value, i) => `${toX(i + first)},${height(value)}`).join(" ");
      const every = Math.ceil(depth / 8), marks = [];
      values(this.placement).forEach((value, i) => {
        if (i % every && i !== values(this.placement).length - 1) return;
        const beyond = Math.log10(value) > HIGH;
        const node = beyond ? make("path", { class: "ix-cross ix-red", d: "M-4 -4L4 4M4 -4L-4 4" }) : mark("circle", "blue", 4);
        node.setAttribute("transform", `translate(${toX(i + first)} ${height(value)})`);
        marks.push(node);
      });
      const ticks = [...new Set([first, Math.round(depth / 4), Math.round(depth / 2), Math.round((3 * depth) / 4), depth])];
      return [
        make("text", { x: left - 38, y: top - 10, class: "ix-quiet" }, title),
        ...Object.entries(POWERS).flatMap(([power, label]) => [
          make("line", { class: "ix-rule", x1: left, x2: right, y1: toY(+power), y2: toY(+power) }),
          make("text", { x: left - 6, y: toY(+power) + 5, "text-anchor": "end" }, label),
        ]),
        ...Object.keys(this.data.variants).filter((name) => name !== this.placement)
          .map((name) => make("polyline", { class: "ix-ghost", points: points(name) })),
        make("polyline", { class: "ix-line ix-blue", points: points(this.placement) }), ...marks,
        axis(toX, bottom, left, right, ticks.filter((t) => t >= first), first ? "block" : "after block"),
      ];
    }

    draw(width) {
      const depth = this.data.depths[this.at], { variances, gradients } = this.data.variants[this.placement][depth];
      const lower = 24 + TALL + 78;
      this.paint(width, lower + TALL + 44,
        ...this.panel(width, 24, "variances", "Variance of the residual stream", 0),
        ...this.panel(width, lower, "gradients", "Length of the gradient of W₂", 1));
      const end = variances.length - 1, last = gradients.length - 1;
      const first = gradients[0], final = gradients[last], ratio = Math.max(first / final, final / first);
      const course = ratio < 1.15 ? "stays about level" : first > final ? "falls" : "rises";
      const short = (value) => significant(value, 3);
      this.put({
        state: `${WORDS[this.placement]}, ${depth} blocks, untrained. The stream’s variance goes from ${short(variances[0])} to ${short(variances[end])}. ` +
          `The gradient of W₂ ${course} from block 1 to block ${depth}: ${short(first)} to ${short(final)}` +
          (ratio < 1.15 ? "." : `, a factor of ${short(ratio)}.`),
        v0: short(variances[0]), v1: short(variances[Math.floor(end / 2)]), v2: short(variances[end]),
        g0: short(first), g1: short(gradients[Math.floor(last / 2)]), g2: short(final),
      });
    }
  });
})();
