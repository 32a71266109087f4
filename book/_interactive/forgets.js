/* A token, what stands in the norm's place, and which of three changes of the token the output notices. */
(function () {
  "use strict";
  const { Figure, make, number, minus, significant, ladder, reach, bars, notches, choice, table } = window.interactiveKit;
  const TOKEN = [1.5, -1, 2.5, -0.5, -0.5, 1], LAST = TOKEN.length - 1;
  const EPS = 1e-5, TOLERANCE = 1e-3; // of the largest output; what moves less is forgotten
  const TOP = 30, BOTTOM = 170;

  const mean = (values) => values.reduce((a, b) => a + b) / values.length;
  const square = (values) => mean(values.map((v) => v * v));
  const rms = (values) => Math.sqrt(square(values));
  const apart = (values) => values.map((v) => v - mean(values));
  const largest = (values) => Math.max(...values.map(Math.abs));
  const over = (values, by) => values.map((v) => v / by);
  const LAYERS = { // the choice, the sentence's subject, the function
    layer: ["LayerNorm", "LayerNorm", (x, eps) => over(apart(x), Math.sqrt(square(apart(x)) + eps))],
    rms: ["RMSNorm", "RMSNorm", (x, eps) => over(x, Math.sqrt(square(x) + eps))],
    length: ["÷ length", "Division by the length", (x) => over(x, Math.hypot(...x))],
    dyt: ["DyT", "DyT", (x) => x.map((v) => Math.tanh(0.5 * v))],
    none: ["nothing", "Without a norm the output", (x) => x],
  };
  const times = (value) => `× ${value}`;
  const CHANGES = { // in the order in which they are made
    loud: { label: "multiply the last", name: "Multiply the last feature", what: "the loud feature", text: times,
      values: ladder([1, 2, 5], 0, 2), usual: 1, made: (x, by) => x.map((v, j) => (j === LAST ? by * v : v)) },
    shift: { label: "then add to all", name: "Then add to all features", what: "the shift", text: (v) => (v < 0 ? minus(`- ${-v}`) : `+ ${v}`),
      values: [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5], usual: 0, made: (x, by) => x.map((v) => v + by) },
    scale: { label: "then multiply all", name: "Then multiply all features", what: "the scale", text: times,
      values: ladder([1, 2, 5], -2, 2), usual: 1, made: (x, by) => x.map((v) => by * v) },
  };

  const percent = (part) => (part < TOLERANCE ? "below 0.1 %"
    : `${part < 10 ? significant(100 * part, 2) : Math.round(100 * part).toLocaleString("en-GB")} %`);
  const plain = (value) => (Math.abs(value) < 1000 ? number(value, 3) : minus(Math.round(value).toLocaleString("en-GB")));
  const listed = (words) => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0]);

  customElements.define("ix-forgets", class extends Figure {
    heading = "What a norm measures, it forgets";

    build() {
      Object.assign(this, { layer: "layer", loud: 1, shift: 0, scale: 1 });
      const layer = choice("In the norm’s place", Object.entries(LAYERS).map(([key, [words]]) => [key, words]), this.layer, this.changes("layer"));
      const sliders = Object.fromEntries(Object.entries(CHANGES).map(([key, { label, name, values, text }]) =>
        [key, notches(label, name, values, { value: this[key], text, change: this.changes(key) })]));
      this.inputs = { layer, ...sliders };
      const pair = (name) => ["Before", "Now"].map((when) => ({ name: name + when }));
      const drawing = this.canvas("");
      drawing.setAttribute("role", "img"); // its name has the numbers
      this.stage.append(
        layer, drawing,
        make("p", { class: "ix-key", "aria-hidden": "true" },
          ...["filled: now", "outline: before the change"].map((words) => make("span", {}, words))),
        make("div", { class: "ix-controls" }, ...Object.values(sliders)),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("Each change alone: the largest move, as a part of the largest output", ["change", "move", "verdict"],
          Object.entries(CHANGES).map(([key, { what }]) => [what, { name: `${key}Moves` }, { name: `${key}Is` }])),
        table("What comes out", ["of the output", "before", "now"],
          [["mean", ...pair("mean")], ["RMS", ...pair("rms")], ["spread of features 1 to 5", ...pair("spread")]]));
    }

    /** By how much the output moves when the token becomes x, as a part of its largest output. */
    moves(x, eps = EPS) {
      const layer = LAYERS[this.layer][2], before = layer(TOKEN, eps);
      return largest(layer(x, eps).map((v, j) => v - before[j])) / largest(before);
    }

    panel(left, width, title, colour, before, now) {
      const high = reach([...before, ...now]);
      return bars({ left, width, top: TOP, bottom: BOTTOM, title, colour, low: -high, high, before, now });
    }

    draw(width) {
      const layer = LAYERS[this.layer][2], half = (width - 12) / 2;
      const token = Object.entries(CHANGES).reduce((x, [key, { made }]) => made(x, this[key]), TOKEN);
      const before = layer(TOKEN, EPS), now = layer(token, EPS);
      this.paint(width, BOTTOM + 24,
        ...this.panel(0, half, "in", "blue", TOKEN, token), ...this.panel(half + 12, half, "out", "green", before, now));
      const row = (values) => values.map((v) => significant(v, 3)).join(", ");
      this.svg.setAttribute("aria-label", `Six features. In: ${row(token)}. Out: ${row(now)}; before the changes: ${row(before)}.`);
      const tried = Object.entries(CHANGES).filter(([key, { usual }]) => this[key] !== usual).map(([key, { what, made }]) => {
        const alone = made(TOKEN, this[key]), moved = this.moves(alone);
        return { key, what, moved, is: moved < TOLERANCE ? "forgotten" : this.moves(alone, 0) < 1e-9 ? "noticed by ε only" : "noticed" };
      });
      const numbers = { mean, rms, spread: (values) => rms(apart(values.slice(0, LAST))) };
      this.put({
        state: this.told(tried, this.moves(token)),
        ...Object.fromEntries(Object.keys(CHANGES).flatMap((key) => [[`${key}Moves`, "–"], [`${key}Is`, "–"]])),
        ...Object.fromEntries(tried.flatMap(({ key, moved, is }) => [[`${key}Moves`, percent(moved)], [`${key}Is`, is]])),
        ...Object.fromEntries(Object.entries(numbers).flatMap(([key, of]) => [[`${key}Before`, plain(of(before))], [`${key}Now`, plain(of(now))]])),
      });
    }

    told(tried, moved) {
      if (!tried.length) return "The token is as it was. Move a slider: does the output notice?";
      const those = (verb, is, end = "") => {
        const words = tried.filter((change) => change.is === is).map(({ what }) => what);
        return words.length ? [`${verb} ${listed(words)}${end}`] : [];
      };
      const kept = [...those("forgets", "forgotten"), ...those("would forget", "noticed by ε only", ", were it not for ε = 10⁻⁵")].join(" and ");
      return `${LAYERS[this.layer][1]} ${[...those("notices", "noticed"), ...(kept ? [kept] : [])].join(", but ")}. ` +
        (moved < TOLERANCE ? "No output moves by as much as 0.1 % of the largest." : `Largest move: ${percent(moved)} of the largest output.`);
    }
  });
})();
