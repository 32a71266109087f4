/* Learning rate, placement, warm-up and depth: the curves of small transformers that were trained for real. */
(function () {
  "use strict";
  const { Figure, make, number, scale, axis, mark, sign, range, choice, table } = window.interactiveKit;
  const WORDS = { none: "No norm", post: "Post-norm", pre: "Pre-norm", "res-post": "Res-post", sandwich: "Sandwich", deepnorm: "DeepNorm" };
  const LOW = 2, HIGH = 5; // nats; what lies above is drawn at the upper edge
  const TALL = 170;

  customElements.define("ix-learning_rate", class extends Figure {
    heading = "A norm in the right place widens the range of good learning rates; it does not choose one";

    build() {
      const { rates, placements, depths, warm_ups: warmUps } = this.data;
      Object.assign(this, { placement: "post", depth: depths[1], warmUp: warmUps[0], at: 2 });
      const pick = (legend, key, options) => (this.inputs[key] = choice(legend, options, this[key], this.changes(key)));
      this.inputs.at = range("Rate", "Learning rate", {
        min: 0, max: rates.length - 1, step: 1, value: this.at, text: (i) => String(rates[i]), change: this.changes("at"),
      });
      this.stage.append(
        pick("Placement of the norm", "placement", placements.map((name) => [name, WORDS[name]])),
        pick("Blocks", "depth", depths.map((depth) => [depth, String(depth)])),
        pick("Warm-up", "warmUp", warmUps.map((steps) => [steps, steps ? `${steps} steps` : "none"])),
        make("div", { class: "ix-controls" }, this.inputs.at),
        this.canvas("Two panels: loss during training, and final loss against the learning rate"),
        make("p", { class: "ix-key", "aria-hidden": "true" },
          sign("circle", "blue", "no warm-up"), sign("square", "red", `warm-up ${warmUps[1]}`),
          make("span", {}, "thin: the other rates"), make("span", {}, "dotted: character frequencies alone"), make("span", {}, "above 5: drawn at 5")),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("Final loss in nats a character (mean of the last 50 steps)", ["learning rate", "no warm-up", `warm-up ${warmUps[1]}`],
          rates.map((rate, i) => [String(rate), { name: `none${i}` }, { name: `warm${i}` }])));
    }

    run(at, warmUp = this.warmUp) {
      return this.data.runs[`${this.depth} ${this.placement} ${this.data.rates[at]} ${warmUp}`];
    }

    frame(toY, left, right, title) {
      const { unigram } = this.data;
      return [
        make("text", { x: left - 38, y: toY(HIGH) - 10, class: "ix-quiet" }, title),
        ...[2, 3, 4, 5].flatMap((loss) => [
          make("line", { class: "ix-rule", x1: left, x2: right, y1: toY(loss), y2: toY(loss) }),
          make("text", { x: left - 6, y: toY(loss) + 5, "text-anchor": "end" }, String(loss))]),
        make("line", { class: "ix-mean", x1: left, x2: right, y1: toY(unigram), y2: toY(unigram) }),
      ];
    }

    draw(width) {
      const { rates, every, unigram, warm_ups: warmUps } = this.data;
      const left = 46, right = width - 14, top = 24, bottom = top + TALL, lower = bottom + 78, end = lower + TALL;
      const steps = every * this.run(0).curve.length;
      const toX = scale(0, steps, left + 4, right - 8), toY = scale(LOW, HIGH, bottom, top);
      const limited = (value, map) => map(value === null ? HIGH : Math.min(HIGH, value));
      const curve = (at) => this.run(at).curve.map((value, i) => `${toX((i + 0.5) * every)},${limited(value, toY)}`).join(" ");
      const toRate = scale(0, rates.length - 1, left + 24, right - 24), toFinal = scale(LOW, HIGH, end, lower);
      const series = warmUps.flatMap((warmUp) => {
        const [shape, colour] = warmUp ? ["square", "red"] : ["circle", "blue"];
        const points = rates.map((_, at) => [toRate(at), limited(this.run(at, warmUp).final, toFinal)]);
        return [
          make("polyline", { class: `ix-line ix-${colour}${warmUp ? " ix-dashed" : ""}`, points: points.join(" ") }),
          ...points.map((p, at) => {
            const node = mark(shape, colour, at === this.at && warmUp === this.warmUp ? 7 : 4);
            node.setAttribute("transform", `translate(${p})`);
            return node;
          }),
        ];
      });
      const colour = this.warmUp ? "red" : "blue";
      this.paint(width, end + 44,
        ...this.frame(toY, left, right, "Loss during training"),
        ...rates.map((_, at) => at).filter((at) => at !== this.at).map((at) => make("polyline", { class: "ix-ghost", points: curve(at) })),
        make("polyline", { class: `ix-line ix-${colour}${this.warmUp ? " ix-dashed" : ""}`, points: curve(this.at) }),
        axis(toX, bottom, left, right, [0, steps / 3, (2 * steps) / 3, steps], "step"),
        ...this.frame(toFinal, left, right, "Final loss"),
        ...series,
        axis(toRate, end, left, right, rates.map((_, at) => at), "learning rate", (at) => String(rates[at])));

      const value = (at, warmUp) => {
        const { final } = this.run(at, warmUp);
        return final === null ? "diverged" : number(final);
      };
      const here = this.run(this.at).final;
      const verdict = here === null ? "It diverged." : here < unigram - 0.1 ? `It got ${number(unigram - here)} below what character frequencies alone give (${number(unigram)}).`
        : here > unigram + 0.1 ? `That is worse than character frequencies alone (${number(unigram)}).`
          : `That is what character frequencies alone give (${number(unigram)}): it learnt nothing about order.`;
      const best = rates.map((_, at) => at).filter((at) => this.run(at).final !== null)
        .reduce((a, b) => (a === null || this.run(b).final < this.run(a).final ? b : a), null);
      this.put({
        state: `${WORDS[this.placement]}, ${this.depth} blocks, learning rate ${rates[this.at]}, ${this.warmUp ? `warm-up of ${this.warmUp} steps` : "no warm-up"}: ` +
          `final loss ${value(this.at, this.warmUp)}. ${verdict}` + (best === null ? "" : ` The best of the five rates here is ${rates[best]}.`),
      });
      rates.forEach((_, at) => this.put({ [`none${at}`]: value(at, warmUps[0]), [`warm${at}`]: value(at, warmUps[1]) }));
    }
  });
})();
