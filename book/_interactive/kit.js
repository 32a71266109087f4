/* What the interactive figures share: elements, numbers, an axis, handles that can be dragged, sliders, a live region.
   A classic script without dependencies; it leaves one name behind, interactiveKit. */
(function () {
  "use strict";

  const DRAWN = new Set(["svg", "g", "line", "circle", "rect", "path", "polygon", "polyline", "text", "tspan"]);
  let serial = 0;

  /** An HTML or SVG element with its attributes and children. */
  function make(tag, attributes = {}, ...children) {
    const node = DRAWN.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** Whether the reader wants nothing to move by itself. */
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const minus = (text) => text.replace(/^-(0\.?0*)$/, "$1").replace("-", "−");

  /** A number with a fixed count of decimals and a true minus sign. */
  function number(value, digits = 2) {
    if (Number.isNaN(value)) return "NaN";
    return Number.isFinite(value) ? minus(value.toFixed(digits)) : minus(value > 0 ? "∞" : "-∞");
  }

  /** A number of any size to so many significant digits. */
  function significant(value, digits = 5) {
    if (value === 0 || !Number.isFinite(value)) return number(value, 0);
    const size = Math.abs(value);
    if (size >= 1e-3 && size < 1e6) return minus(String(+value.toPrecision(Math.max(digits, Math.floor(Math.log10(size)) + 1))));
    const [head, power] = value.toExponential(2).split("e");
    return minus(head) + " × 10" + power.replace("+", "").replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
  }

  /** The nearest number that has 10 bits after the leading one, as in IEEE half precision; ties go to even. */
  function float16(x) {
    const size = Math.abs(x);
    if (!(size > 0) || size === Infinity) return x;
    if (size >= 65520) return x < 0 ? -Infinity : Infinity;
    let power = Math.floor(Math.log2(size));
    if (2 ** power > size) power -= 1;
    const step = 2 ** (Math.max(power, -14) - 10), count = size / step;
    const whole = Math.floor(count), left = count - whole;
    return Math.sign(x) * step * (whole + (left > 0.5 || (left === 0.5 && whole % 2) ? 1 : 0));
  }

  /** From one power of ten to another, these values in each decade. */
  const ladder = (steps, low, high) => Array.from({ length: steps.length * (high - low) + 1 },
    (_, i) => Number(`${steps[i % steps.length]}e${low + Math.floor(i / steps.length)}`));

  /** A linear map from numbers to pixels; `invert` leads back. */
  function scale(low, high, from, to) {
    const map = (value) => from + ((value - low) / (high - low)) * (to - from);
    map.unit = (to - from) / (high - low);
    map.invert = (pixel) => low + (pixel - from) / map.unit;
    return map;
  }

  /** A horizontal axis: a line, ticks, their labels and a title. `side` is 1 for labels below the line, −1 above. */
  function axis(map, y, from, to, ticks, title, label = String, side = 1) {
    return make("g", { class: "ix-axis" },
      make("line", { x1: from, x2: to, y1: y, y2: y }),
      ...ticks.flatMap((tick) => [
        make("line", { x1: map(tick), x2: map(tick), y1: y, y2: y + 5 * side }),
        make("text", { x: map(tick), y: y + (side > 0 ? 18 : -9), "text-anchor": "middle" }, minus(label(tick))),
      ]),
      make("text", { x: (from + to) / 2, y: y + (side > 0 ? 35 : -26), "text-anchor": "middle", class: "ix-quiet" }, title));
  }

  /** The round number, 1, 2.5 or 5 times a power of ten, to which an axis for these values may reach. */
  function reach(values) {
    const needed = Math.max(1, ...values.map(Math.abs)), power = 10 ** Math.floor(Math.log10(needed));
    return [1, 2.5, 5, 10].map((step) => step * power).find((high) => high >= needed);
  }

  const GUTTER = 56; // for the numbers left of the bars

  /** A panel of numbered bars between `low` and `high`: filled as they are now, outlined as they were before. */
  function bars({ left, width, top, bottom, title, colour, low, high, before, now }) {
    const from = left + GUTTER, toY = scale(low, high, bottom, top), wide = (width - GUTTER) / now.length;
    const bar = (value, j, kind, gap) => make("rect", { class: kind, x: from + j * wide + gap, width: wide - 2 * gap,
      y: Math.min(toY(value), toY(0)), height: Math.abs(toY(value) - toY(0)) });
    return [
      make("text", { x: from, y: top - 14, class: "ix-name" }, title),
      ...[...new Set([high, 0, low])].flatMap((value) => [
        make("line", { class: value ? "ix-rule" : "ix-mean", x1: from, x2: left + width, y1: toY(value), y2: toY(value) }),
        make("text", { x: from - 5, y: toY(value) + 4, "text-anchor": "end", class: "ix-narrow" }, minus(value.toLocaleString("en-GB"))),
      ]),
      ...now.map((value, j) => bar(value, j, `ix-mark ix-${colour}`, wide * 0.25)),
      ...before.map((value, j) => bar(value, j, "ix-was", wide * 0.1)),
      ...now.map((_, j) => make("text", { x: from + (j + 0.5) * wide, y: bottom + 18, "text-anchor": "middle", class: "ix-quiet" }, j + 1)),
    ];
  }

  /** Calls `start()` when the pointer goes down on the node, and `move(dx, dy, started)` as it moves. */
  function drag(node, start, move) {
    node.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // here the page stays put
    node.addEventListener("pointerdown", (down) => {
      if (down.button) return;
      down.preventDefault();
      if (node.focus) node.focus({ preventScroll: true });
      node.setPointerCapture(down.pointerId);
      const started = start();
      const follow = (event) => move(event.clientX - down.clientX, event.clientY - down.clientY, started);
      const stop = () => ["pointermove", "pointerup", "pointercancel"].forEach((name, i) =>
        node.removeEventListener(name, i ? stop : follow));
      ["pointermove", "pointerup", "pointercancel"].forEach((name, i) => node.addEventListener(name, i ? stop : follow));
    });
  }

  const SHAPES = {
    circle: (r) => make("circle", { r }),
    diamond: (r) => make("path", { d: `M0 ${-1.25 * r}L${1.25 * r} 0L0 ${1.25 * r}L${-1.25 * r} 0Z` }),
    square: (r) => make("rect", { x: -r, y: -r, width: 2 * r, height: 2 * r }),
  };

  /** A mark of the given shape. Shapes tell apart what colours tell apart. */
  function mark(shape, colour, r = 7) {
    const node = SHAPES[shape](r);
    node.setAttribute("class", `ix-mark ix-${colour}`);
    return node;
  }

  /** An entry of a figure's key: a mark, and what it stands for. */
  const sign = (shape, colour, words, r = 5) =>
    make("span", {}, make("svg", { width: 18, height: 18, viewBox: "-9 -9 18 18" }, mark(shape, colour, r)), words);

  /** What can be seized: an area for the finger, a ring for the focus, the mark. */
  function grip(name, shape, colour, width = 44, height = 44) {
    return make("g", { class: "ix-handle", "data-handle": name },
      make("rect", { class: "ix-grip", x: -width / 2, y: -height / 2, width, height }),
      make("circle", { class: "ix-ring", r: 13 }),
      mark(shape, colour, 8));
  }

  /** A handle on a horizontal axis: a slider for pointer, finger and keyboard. */
  function handle({ name, min, max, step = 1, page = 10, shape = "circle", colour = "blue", height, change }) {
    const node = grip(name, shape, colour, 44, height);
    const set = (wanted) => {
      const next = clamp(Math.round(wanted / step) * step, min, max);
      if (next !== node.value) change(next);
    };
    for (const [key, value] of Object.entries({ tabindex: 0, role: "slider", "aria-label": name, "aria-valuemin": min, "aria-valuemax": max }))
      node.setAttribute(key, value);
    node.addEventListener("keydown", (event) => {
      const moves = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: page, PageDown: -page, Home: min - max, End: max - min };
      if (!(event.key in moves) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      set(clamp(node.value + moves[event.key], min, max));
    });
    drag(node, () => node.value, (dx, dy, started) => set(started + dx / node.unit));
    /** Puts the handle where it belongs; `unit` is the number of pixels for a step of one. */
    node.place = (x, y, value, text, unit) => {
      Object.assign(node, { value, unit });
      node.setAttribute("transform", `translate(${x} ${y})`);
      node.setAttribute("aria-valuenow", value);
      node.setAttribute("aria-valuetext", text);
    };
    return node;
  }

  /** A native slider with its label and its value in words. `text(value)` puts the value in words. */
  function range(label, name, { min, max, step, value, text = (v) => number(v, 1), change }) {
    const input = make("input", { type: "range", min, max, step, value, "aria-label": name });
    const shown = make("span", { class: "ix-value" });
    const node = make("label", { class: "ix-range" }, make("span", {}, label), input, shown);
    const set = (next) => {
      input.value = next;
      shown.textContent = text(+input.value);
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", () => { set(input.value); change(+input.value); });
    set(value);
    return Object.assign(node, { set });
  }

  /** A native slider that stops at these values only; `set`, `text` and `change` have the value itself. */
  function notches(label, name, values, { value, text, change }) {
    const node = range(label, name, { min: 0, max: values.length - 1, step: 1, value: values.indexOf(value),
      text: (i) => text(values[i]), change: (i) => change(values[i]) });
    const { set } = node;
    return Object.assign(node, { set: (next) => set(values.indexOf(next)) });
  }

  /** A row of native radio buttons; `options` are pairs of a value and its label. */
  function choice(legend, options, chosen, change) {
    const group = `ix-choice-${++serial}`;
    const inputs = options.map(([value]) => {
      const input = make("input", { type: "radio", name: group, value });
      input.addEventListener("change", () => change(value));
      return input;
    });
    const node = make("fieldset", { class: "ix-choice" }, make("legend", {}, legend),
      ...options.map(([, label], i) => make("label", {}, inputs[i], make("span", {}, label))));
    node.set = (value) => inputs.forEach((input, i) => { input.checked = options[i][0] === value; });
    node.set(chosen);
    return node;
  }

  /** A native menu with its label; `options` are pairs of a value and its words, the first is chosen. */
  function menu(label, options, change) {
    const input = make("select", {}, ...options.map(([value, words]) => make("option", { value }, words)));
    input.addEventListener("change", () => change(input.value));
    const node = make("label", { class: "ix-menu" }, make("span", {}, label), input);
    node.set = (value) => { input.value = value; };
    return node;
  }

  function button(text, name, press) {
    const node = make("button", { type: "button", class: "ix-button" }, text);
    if (name) node.setAttribute("aria-label", name);
    node.addEventListener("click", press);
    return node;
  }

  /** A table whose rows start with a header; a cell given as {name} can be filled by `put`. */
  function table(caption, head, rows) {
    const cell = (item) => (typeof item === "string" ? make("td", {}, item) : make("td", { "data-out": item.name }));
    return make("table", { class: "ix-table" }, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...head.map((text) => make("th", { scope: "col" }, text)))),
      make("tbody", {}, ...rows.map(([first, ...rest]) => make("tr", {}, make("th", { scope: "row" }, first), ...rest.map(cell)))));
  }

  /** Makes a button of words in the text that name a state of the figure. */
  function wake(phrase, figure) {
    const node = make("button", { type: "button" }, ...phrase.childNodes);
    node.addEventListener("click", () => figure.take(JSON.parse(phrase.dataset.state)));
    phrase.append(node);
  }

  /** The base of every figure. A figure has `heading`, `build()` (fills this.stage) and `draw(width)`;
      `data` is what the page holds for it, if the author named a stored result. Its state are properties;
      `inputs` has the choice or range that shows one, by the property's name. */
  class Figure extends HTMLElement {
    inputs = {};

    connectedCallback() {
      if (this.stage) return;
      const id = `ix-figure-${++serial}`;
      const source = this.querySelector('script[type="application/json"]');
      this.data = source && JSON.parse(source.textContent);
      const body = make("div", { class: "ix-body" });
      body.append(...this.childNodes);
      this.stage = make("div", { class: "ix-stage", role: "group", "aria-labelledby": id },
        make("p", { class: "ix-heading", id }, this.heading));
      this.live = make("p", { class: "ix-live", "aria-live": "polite" });
      this.append(this.stage, this.live, body);
      try {
        this.build();
        this.redraw();
        new ResizeObserver(() => { if (this.room() !== this.width) this.redraw(); }).observe(this.stage);
        body.hidden = true;
        document.querySelectorAll(`[data-figure="${this.localName.slice(3)}"]`).forEach((phrase) => wake(phrase, this));
      } catch (problem) { // the text is better than half a figure
        this.stage.remove();
        throw problem;
      }
    }

    /** The width between the paddings. */
    room() {
      const style = getComputedStyle(this.stage);
      return this.stage.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    }

    redraw() {
      this.width = this.room();
      this.draw(clamp(this.width, 240, 640));
    }

    /** Draws anew after a change by the reader, and says what the sentence below the figure then says. */
    update() {
      this.redraw();
      this.say(this.stage.querySelector(".ix-state").textContent);
    }

    /** Goes into a state that the text names, and comes into view for it. */
    take(state) {
      for (const [name, value] of Object.entries(state)) this.become(name, value);
      this.update();
      this.svg.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
      this.stage.classList.add("ix-touched");
      setTimeout(() => this.stage.classList.remove("ix-touched"), 1200);
    }

    /** What a control does with a new value: it becomes the property of this name. */
    changes(name) {
      return (value) => { this[name] = value; this.update(); };
    }

    become(name, value) {
      this[name] = value;
      if (name in this.inputs) this.inputs[name].set(value);
    }

    /** The drawing: a hidden background, renewed at each draw, and the handles in front of it. */
    canvas(name, ...handles) {
      this.back = make("g", { "aria-hidden": "true" });
      this.svg = make("svg", { role: "group", "aria-label": name }, this.back, ...handles);
      return this.svg;
    }

    paint(width, height, ...shapes) {
      for (const [key, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) this.svg.setAttribute(key, value);
      this.back.replaceChildren(...shapes);
    }

    /** Fills the cells of the tables and the sentence below the figure. */
    put(values) {
      for (const [name, text] of Object.entries(values)) this.stage.querySelector(`[data-out="${name}"]`).textContent = text;
    }

    /** Says something to those who can't see the change: once, and only after things have come to rest. */
    say(text) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { this.live.textContent = text; }, 900);
    }
  }

  window.interactiveKit = {
    Figure, make, number, significant, float16, ladder, still, clamp, minus, scale, axis, reach, bars, drag, mark, sign, grip, handle, range, notches, choice, menu, button, table,
  };
})();
