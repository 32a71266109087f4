/* Which cells of the array (batch, token, feature) share their statistics? */
(function () {
  "use strict";
  const { Figure, make, number, minus, choice, table } = window.interactiveKit;
  const DATA = [
    [[-3, 0, 2, 5, 8, 12], [1, 4, -2, 3, 9, 6], [0, 2, -4, 7, 5, 8]],
    [[5, -1, 8, 10, 2, 6], [-6, 3, 1, 4, 0, 4], [2, 7, -3, 1, 9, 5]],
  ];
  const [B, T, D] = [2, 3, 6];
  const group = (feature) => Math.floor(feature / 3);
  // name, one set in words, and whether cell q belongs to the set of cell p
  const KINDS = {
    batch: ["Batch", "one feature, over all tokens of the batch", (p, q) => p.f === q.f],
    layer: ["Layer", "all features of one token", (p, q) => p.b === q.b && p.t === q.t],
    instance: ["Instance", "one feature, along one sequence", (p, q) => p.b === q.b && p.f === q.f],
    group: ["Group", "half of the features of one token (two groups)", (p, q) => p.b === q.b && p.t === q.t && group(p.f) === group(q.f)],
    rms: ["RMS", "all features of one token, mean left alone", (p, q) => p.b === q.b && p.t === q.t],
  };

  customElements.define("ix-cube", class extends Figure {
    heading = "Same cell, same formula; what changes is the company";

    build() {
      this.kind = "layer";
      this.cells = [];
      const rows = [];
      for (let b = 0; b < B; b++) for (let t = 0; t < T; t++) {
        const row = make("g", { role: "row" });
        for (let f = 0; f < D; f++) {
          const node = make("g", { role: "gridcell", class: "ix-cell", tabindex: -1, "data-cell": `${b}${t}${f}` },
            make("polygon"), make("text", { "text-anchor": "middle", "aria-hidden": "true" }, minus(String(DATA[b][t][f]))));
          const cell = { b, t, f, x: DATA[b][t][f], node };
          node.addEventListener("focus", () => this.choose(cell));
          node.addEventListener("click", () => node.focus({ preventScroll: true }));
          node.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.choose(cell));
          this.cells.push(cell);
          row.append(node);
        }
        rows.push(row);
      }
      this.here = this.cells[2];
      const grid = make("g", {
        role: "grid", "aria-multiselectable": "true",
        "aria-label": "Two sequences of three tokens with six features; the arrow keys move through the cells, and those of one set are selected",
      }, ...rows);
      grid.addEventListener("keydown", (event) => this.key(event));
      this.outline = make("polygon", { class: "ix-outline", "aria-hidden": "true" });
      this.inputs.kind = choice("Normalisation", Object.entries(KINDS).map(([key, [label]]) => [key, label]), this.kind, this.changes("kind"));
      this.stage.append(
        this.inputs.kind,
        this.canvas("The array, one sheet for each sequence", grid, this.outline),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("The set of the chosen cell (ε left out)", ["quantity", "value"], [
          ["cells in the set", { name: "count" }], ["mean", { name: "mean" }], ["variance", { name: "variance" }],
          ["mean square", { name: "square" }], ["the cell, normalised", { name: "value" }],
        ]));
    }

    key(event) {
      const i = this.cells.indexOf(this.here), f = i % D;
      const next = {
        ArrowLeft: f ? i - 1 : i, ArrowRight: f < D - 1 ? i + 1 : i, ArrowUp: i - D, ArrowDown: i + D,
        PageUp: i - T * D, PageDown: i + T * D, Home: i - f, End: i - f + D - 1,
      }[event.key];
      if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      if (this.cells[next]) this.cells[next].node.focus({ preventScroll: true });
    }

    choose(cell) {
      if (cell === this.here) return;
      this.here = cell;
      this.redraw();
    }

    draw(width) {
      const { here } = this, [label, words, same] = KINDS[this.kind];
      const labels = 58, shear = 13, tall = 32, gap = 34, head = 48;
      const wide = Math.min(62, (width - labels - T * shear - 6) / D);
      const corner = (b, t, f) => [labels + f * wide + (T - t) * shear, head + b * (T * tall + gap) + t * tall];
      const text = (x, y, words, anchor = "end") => make("text", { x, y, "text-anchor": anchor, class: "ix-quiet" }, words);
      const shapes = [text((labels + 3 * shear + D * wide + labels) / 2 + shear, 14, "feature", "middle")];
      for (let f = 0; f < D; f++) shapes.push(text(corner(0, 0, f + 0.5)[0], head - 6, String(f), "middle"));
      for (let b = 0; b < B; b++) {
        shapes.push(text(0, head + b * (T * tall + gap) - 9, `seq. ${b}`, "start"));
        for (let t = 0; t < T; t++) shapes.push(text(labels - 6, corner(b, t + 0.5, 0)[1] + 5, `token ${t}`));
      }
      for (const [t, f] of [[0, 0], [0, D], [T, 0], [T, D]]) { // the upright edges that make two sheets a cube
        const [x, y] = corner(0, t, f), below = corner(1, t, f)[1];
        shapes.push(make("line", { class: "ix-edge", x1: x, x2: x, y1: y, y2: below }));
      }
      this.paint(width, head + B * T * tall + gap + 6, ...shapes);

      const set = this.cells.filter((cell) => same(here, cell));
      const values = set.map((cell) => cell.x), n = values.length;
      const mean = values.reduce((a, b) => a + b) / n;
      const square = values.reduce((sum, x) => sum + x * x, 0) / n;
      const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
      const rms = this.kind === "rms";
      const result = rms ? here.x / Math.sqrt(square) : (here.x - mean) / Math.sqrt(variance);
      const numbers = rms ? `mean square ${number(square)}` : `mean ${number(mean)}, variance ${number(variance)}`;
      for (const cell of this.cells) {
        const { b, t, f, node } = cell;
        const points = [corner(b, t, f), corner(b, t, f + 1), corner(b, t + 1, f + 1), corner(b, t + 1, f)];
        node.firstChild.setAttribute("points", points.join(" "));
        node.lastChild.setAttribute("x", (points[0][0] + points[2][0]) / 2);
        node.lastChild.setAttribute("y", points[0][1] + tall / 2 + 5);
        node.classList.toggle("ix-shared", set.includes(cell));
        if (cell === here) this.outline.setAttribute("points", points.join(" "));
        node.setAttribute("tabindex", cell === here ? 0 : -1);
        node.setAttribute("aria-selected", set.includes(cell));
        node.setAttribute("aria-label", `Sequence ${b}, token ${t}, feature ${f}: ${minus(String(cell.x))}` +
          (cell === here ? `. ${n} cells, ${numbers}. Normalised: ${number(result)}` : ""));
      }
      this.put({
        state: `${label} norm takes ${words}. The cell of sequence ${here.b}, token ${here.t}, feature ${here.f} shares its ` +
          `${rms ? "mean square" : "mean and variance"} with the ${n} marked cells (itself among them): ${numbers}. ` +
          `Its value ${minus(String(here.x))} becomes ${number(result)}.`,
        count: String(n), mean: rms ? "not used" : number(mean), variance: rms ? "not used" : number(variance),
        square: rms ? number(square) : "not used", value: number(result),
      });
    }
  });
})();
