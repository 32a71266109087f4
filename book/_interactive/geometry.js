/* LayerNorm of three features as geometry: a plane, a circle, and a gradient that loses two components. */
(function () {
  "use strict";
  const { Figure, make, number, still, clamp, mark, grip, drag, range, button, table } = window.interactiveKit;
  const START = { x: [1.9, -1, 2.6], g: [0.9, 1.6, -0.4] };
  const REACH = { x: 3, g: 2 };
  const EQUAL = 1e-6; // features closer than this are one number that was rounded
  const FRONT = [-12, 26], ALONG = [45, (Math.atan(Math.SQRT1_2) * 180) / Math.PI];
  const SUB = ["₁", "₂", "₃"];
  const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const add = (a, b, k = 1) => a.map((v, i) => v + k * b[i]);
  const times = (a, k) => a.map((v) => k * v);
  const size = (a) => Math.sqrt(dot(a, a));
  const list = (a, digits = 2) => `(${a.map((v) => number(v, digits)).join(", ")})`;

  customElements.define("ix-geometry", class extends Figure {
    heading = "Every token ends on one circle, and a gradient keeps only what runs along it";

    build() {
      Object.assign(this, { x: [...START.x], g: [...START.g], view: [...FRONT] });
      const sliders = (which) => SUB.map((sub, i) => range(which + sub, `${which}${sub}, feature ${i + 1} of the ${which === "x" ? "token" : "gradient"}`, {
        min: -REACH[which], max: REACH[which], step: 0.1, value: this[which][i], change: (value) => { this[which][i] = value; this.update(); },
      }));
      const columns = { x: sliders("x"), g: sliders("g") };
      for (const [which, three] of Object.entries(columns)) this.inputs[which] = { set: (to) => three.forEach((slider, i) => slider.set(to[i])) };
      // the sliders below do for the keyboard what these two do for the pointer
      this.grips = { x: grip("x", "square", "red"), g: grip("g", "circle", "purple") };
      for (const [which, node] of Object.entries(this.grips)) {
        node.setAttribute("aria-hidden", "true");
        drag(node, () => [...this[which]], (dx, dy, start) => {
          const { right, up } = this.frame();
          this.move(which, add(add(start, right, dx / this.unit), up, -dy / this.unit));
        });
      }
      const turn = (text, name, az, el) => button(text, name, () => this.turn(az, el));
      const views = make("div", { class: "ix-buttons", role: "group", "aria-label": "Point of view; the arrow keys turn it" },
        turn("←", "Turn left", 15, 0), turn("→", "Turn right", -15, 0), turn("↑", "Look from higher up", 0, 15), turn("↓", "Look from lower down", 0, -15),
        button("Along 1", "Along 1: look along this vector", () => {
          this.fly(ALONG);
          this.say("Seen along 1: the plane lies flat before you, and a shift of the token can’t be seen.");
        }), button("Reset", "Reset token, gradient and view", () => {
          this.move("x", START.x);
          this.move("g", START.g);
          this.fly(FRONT);
        }));
      views.addEventListener("keydown", (event) => {
        const by = { ArrowLeft: [15, 0], ArrowRight: [-15, 0], ArrowUp: [0, 15], ArrowDown: [0, -15] }[event.key];
        if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        this.turn(...by);
      });
      const moves = make("div", { class: "ix-buttons", role: "group", "aria-label": "Moves of the token that x̂ does not answer" },
        button("Shift −", "Shift −: all three features lower, along 1", () => this.shift(-0.2)),
        button("Shift +", "Shift +: all three features higher, along 1", () => this.shift(0.2)),
        button("Shrink", "Shrink: along x̂, towards the mean", () => this.stretch(0.8)),
        button("Stretch", "Stretch: along x̂, away from the mean", () => this.stretch(1.25)));
      const row = (head, name) => [head, ...SUB.map((_, i) => ({ name: name + i }))];
      this.stage.append(
        this.canvas("A plane with a circle in it; the token x and the gradient g can be dragged", this.grips.x, this.grips.g),
        views, moves,
        make("div", { class: "ix-controls ix-columns" }, ...columns.x, ...columns.g),
        make("p", { class: "ix-state", "data-out": "state" }),
        table("Feature by feature (ε left out)", ["vector", "1", "2", "3"], [
          row("x", "x"), row("x − μ", "c"), row("x̂", "h"), row("g", "g"),
          row("removed: mean(g)", "m"), row("removed: x̂·mean(g ⊙ x̂)", "r"), row("dx", "d"),
        ]));
    }

    move(which, to) {
      this.place(which, to.map((v) => clamp(Math.round(v * 10) / 10, -REACH[which], REACH[which])));
    }

    /** All features by the same amount, as far as all of them have room. */
    shift(by) {
      const room = by > 0 ? Math.min(by, REACH.x - Math.max(...this.x)) : Math.max(by, -REACH.x - Math.min(...this.x));
      this.place("x", this.x.map((v) => v + room));
    }

    /** All deviations by the same factor, as far as all features have room; not rounded, or x̂ would answer. */
    stretch(by) {
      const mean = (this.x[0] + this.x[1] + this.x[2]) / 3, deviations = this.x.map((v) => v - mean);
      const room = Math.min(...deviations.map((c) => (c ? (Math.sign(c) * REACH.x - mean) / c : Infinity)));
      if (size(deviations) < (by < 1 ? 0.2 : EQUAL)) return;
      this.place("x", deviations.map((c) => mean + Math.min(by, room) * c));
    }

    place(which, to) {
      this.become(which, to);
      this.update();
    }

    turn(az, el) {
      this.view = [this.view[0] + az, clamp(this.view[1] + el, -85, 85)];
      this.redraw();
      this.say(`Seen from ${Math.round(((this.view[0] % 360) + 360) % 360)} degrees round, ${Math.round(this.view[1])} degrees up.`);
    }

    fly(to) {
      const from = [...this.view], began = performance.now();
      from[0] = to[0] + ((((from[0] - to[0] + 180) % 360) + 360) % 360) - 180; // the short way round
      const atOnce = still();
      const step = (now) => {
        const t = atOnce ? 1 : clamp((now - began) / 500, 0, 1), ease = t * t * (3 - 2 * t);
        this.view = from.map((v, i) => v + (to[i] - v) * ease);
        this.redraw();
        if (t < 1) requestAnimationFrame(step);
      };
      step(began);
    }

    frame() {
      const [az, el] = this.view.map((v) => (v * Math.PI) / 180);
      return { right: [-Math.sin(az), Math.cos(az), 0], up: [-Math.sin(el) * Math.cos(az), -Math.sin(el) * Math.sin(az), Math.cos(el)] };
    }

    draw(width) {
      const { x, g } = this, { right, up } = this.frame();
      const mean = (x[0] + x[1] + x[2]) / 3, centred = add(x, [mean, mean, mean], -1);
      const flat = Math.max(...x) - Math.min(...x) < EQUAL, sigma = flat ? 0 : size(centred) / Math.sqrt(3);
      const hat = flat ? [0, 0, 0] : times(centred, 1 / sigma);
      const level = (g[0] + g[1] + g[2]) / 3, shift = [level, level, level];
      const radial = times(hat, dot(g, hat) / 3), rest = flat ? [0, 0, 0] : add(add(g, shift, -1), radial, -1);
      const dx = flat ? [NaN, NaN, NaN] : times(rest, 1 / sigma);

      const height = Math.min(0.95 * width, 430), edge = 16;
      const ends = [x, centred, add(hat, g)], across = ends.map((p) => Math.abs(dot(p, right))), upward = ends.map((p) => dot(p, up));
      const unit = (this.unit = Math.min( // smaller where the token or the gradient would leave the picture
        width / 6.5, 68, (width / 2 - edge) / Math.max(...across),
        (height * 0.54 - edge) / Math.max(...upward, 0.1), (height * 0.46 - edge) / Math.max(...upward.map((v) => -v), 0.1)));
      const put = (p) => [width / 2 + unit * dot(p, right), height * 0.54 - unit * dot(p, up)];
      const at = (p, node) => { node.setAttribute("transform", `translate(${put(p)})`); return node; };
      const path = (points, name, closed = false) => make(closed ? "polygon" : "polyline", { class: name, points: points.map(put).join(" ") });
      const text = (p, words, [dx, dy] = [10, -8], anchor = "start") =>
        make("text", { x: put(p)[0] + dx, y: put(p)[1] + dy, "text-anchor": anchor, class: "ix-name" }, words);
      const away = (p, words, dy) => { // on the side that lies away from the centre, if the word has room there
        const at = put(p)[0], outer = at < width / 2 ? -1 : 1, side = Math.min(at, width - at) < 56 ? -outer : outer;
        return text(p, words, [10 * side, dy], side < 0 ? "end" : "start");
      };
      const arrow = (from, to, name) => {
        const [a, b] = [put(from), put(to)], long = Math.hypot(b[0] - a[0], b[1] - a[1]);
        if (long < 3) return "";
        const [s, t] = [(b[0] - a[0]) / long, (b[1] - a[1]) / long], h = Math.min(9, long);
        const base = [b[0] - h * s, b[1] - h * t], w = 0.45 * h;
        return make("g", { class: `ix-arrow ${name}` },
          make("line", { x1: a[0], y1: a[1], x2: base[0], y2: base[1] }),
          make("polygon", { points: [b, [base[0] - w * t, base[1] + w * s], [base[0] + w * t, base[1] - w * s]].join(" ") }));
      };
      const e1 = times([1, -1, 0], Math.SQRT1_2), e2 = times([1, 1, -2], 1 / Math.sqrt(6));
      const plane = [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([s, t]) => add(times(e1, 2 * s), e2, 2 * t));
      const circle = Array.from({ length: 73 }, (_, i) => (i * Math.PI) / 36)
        .map((a) => add(times(e1, Math.sqrt(3) * Math.cos(a)), e2, Math.sqrt(3) * Math.sin(a)));
      const tip = add(hat, g), kept = add(hat, rest);
      this.paint(width, height,
        path(plane, "ix-plane", true), path(circle, "ix-circle", true),
        arrow([-1, -1, -1], [1.7, 1.7, 1.7], "ix-thin"), text([1.7, 1.7, 1.7], "1"),
        path([x, centred], "ix-drop"), path([[0, 0, 0], centred, hat], "ix-spoke"),
        ...(flat ? [] : [
          arrow(hat, kept, "ix-green ix-thick"), arrow(kept, add(kept, radial), "ix-orange ix-dashed"),
          arrow(add(kept, radial), tip, "ix-ink ix-dotted"), arrow(hat, tip, "ix-purple"), arrow(x, add(x, dx), "ix-green ix-thick"),
          text(kept, "σ·dx", [8, 16]), text(add(x, dx), "dx", [8, 4]),
          at(centred, mark("diamond", "orange", 6)), away(centred, "x − μ", -8),
          at(hat, mark("circle", "blue", 7)), away(hat, "x̂", 18), text(tip, "g", [16, -8]),
        ]), ...(put(x)[0] < width - 36 ? [text(x, "x", [16, -8])] : [text(x, "x", [-16, -8], "end")]));
      at(x, this.grips.x);
      at(tip, this.grips.g);
      this.grips.g.style.display = flat ? "none" : "";

      this.put({ state: `μ = ${number(mean)}, σ = ${number(sigma)}. ` + (flat
        ? "All three features are equal: x lies on the line along 1, and no point of the circle belongs to it."
        : `The token drops onto the plane at ${list(centred)} and lands on the circle at ${list(hat)}, of length ${number(size(hat))}. ` +
          `From g, of length ${number(size(g))}, a part of length ${number(size(shift))} along 1 (dotted) and one of length ${number(size(radial))} ` +
          `along x̂ (dashed) are removed. The rest over σ is dx = ${list(dx)}.`) });
      for (const [name, vector] of Object.entries({ x, c: centred, h: flat ? dx : hat, g, m: shift, r: flat ? dx : radial, d: dx }))
        vector.forEach((v, i) => this.put({ [name + i]: flat && Number.isNaN(v) ? "–" : number(v) }));
    }
  });
})();
