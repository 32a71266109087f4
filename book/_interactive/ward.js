/* The ward: small models with one fault each, measured under one knob at a time beside the sound model. What a symptom depends on tells where to look. */
(function () {
  "use strict";
  const { Figure, make, significant, clamp, scale, axis, mark, sign, choice, menu, button, table } = window.interactiveKit;
  const TALL = 160;
  const words = (value) => (value === null ? "training" : value.toLocaleString("en-GB"));
  const KNOBS = { // label, axis, one value of it
    depth: ["depth", "blocks", (v) => `with ${v} blocks`],
    scale: ["scale", "scale of the input", (v) => `at a scale of ${v}`],
    heads: ["heads", "heads", (v) => `with ${v} heads`],
    offset: ["offset", "offset of the features", (v) => `at an offset of ${v}`],
    width: ["width", "features d", (v) => `at a width of ${v}`],
    mode: ["mode", "batches before evaluation", (v) => (v === "training" ? "in training" : `in evaluation after ${v} ${v === "1" ? "batch" : "batches"}`)],
  };
  const FIGURES = { // the report, what is measured, the patient’s value and the sound model’s
    loss: ["It starts certain, and wrong.", "Loss at the start in nats (a guess: 4.16)", (a, b) => `the loss is ${a}, the sound model’s ${b}`],
    memory: ["It forgets its tokens.", "Cosine of a token after the last block with what it was", (a, b) => `the cosine is ${a}, the sound model’s ${b}`],
    leak: ["It sees the future.", "Earlier tokens, of 63, that move if the last one is replaced", (a, b) => `${a} earlier tokens move, in the sound model ${b}`],
    error: ["The last norm’s output is off.", "Largest error of the last norm’s output", (a, b) => `the error is ${a}, the sound model’s ${b}`],
  };
  const PLACES = { // the table of the chapter, from the right
    depth: ["what is done to the stream between and after the blocks", "the depth"],
    scale: ["where the norm stands, and what reads the raw stream", "the scale of the input"],
    heads: ["how heads are split and merged", "the number of heads"],
    token: ["the mask, and every reshape after it", "a later token"],
    offset: ["how the variance is computed, and in which dtype", "the offset of the features"],
    width: ["padding", "the width"],
    mode: ["anything that remembers", "training or evaluation"],
    step: ["the optimiser: decay, groups, what has a gradient", "the step"],
  };
  const PATIENTS = { // where to look, the cause, its section; in the order of their letters
    "final-norm": [["depth", "scale"], "no norm stands between the last block and the output layer", "clinic-final-norm", "Why does the loss grow with depth?"],
    padding: [["width"], "padded lanes count in the variance", "clinic-fusing", "What do tests with 64, 128 and 256 have in common?"],
    residual: [["depth", "scale"], "the residual is taken after the norm", "clinic-norm-on-residual", "Why does a block forget how large its input was?"],
    bfloat16: [["offset"], "the norm computes in bfloat16 throughout", "clinic-bf16", "Why is bfloat16 wrong where nothing overflows?"],
    merge: [["heads", "token"], "heads are merged by a reshape alone", "clinic-transpose", "How can attention see the future through a mask that is right?"],
    remembered: [["mode"], "evaluation uses statistics remembered from training", "clinic-eval-statistics", "Why is the same model good in training and bad in service?"],
    "one-pass": [["offset"], "the variance is taken in one pass", "clinic-one-pass", "What can be wrong with a formula that passes every test?"],
  };
  const short = (value) => (value === null ? "NaN" : Math.abs(value) >= 1000 ? words(value) : value && Math.abs(value) < 1e-3 ? "< 0.001" : significant(value, 3));
  const letter = (patient) => "ABCDEFG"[Object.keys(PATIENTS).indexOf(patient)];

  customElements.define("ix-ward", class extends Figure {
    heading = "A patient shows itself under few knobs, and looks healthy under the others";

    build() {
      Object.assign(this, { patient: "final-norm", knob: "depth", guess: "" });
      this.inputs = {
        patient: choice("Patient", Object.keys(PATIENTS).map((name) => [name, letter(name)]), this.patient, this.changes("patient")),
        knob: choice("Knob", Object.entries(KNOBS).map(([name, [label]]) => [name, label]), this.knob, this.changes("knob")),
        guess: menu("Where would you look?", [["", "choose a place"], ...Object.entries(PLACES).map(([knob, [place]]) => [knob, place])], this.changes("guess")),
      };
      this.numbers = make("div");
      this.stage.append(
        this.inputs.patient, make("p", { "data-out": "report" }), this.inputs.knob,
        make("p", { class: "ix-measured", "data-out": "measured" }), // words of the page wrap, those of a drawing don't
        this.canvas("The patient’s figure and the sound model’s against the knob"),
        make("p", { class: "ix-key", "aria-hidden": "true" }, sign("square", "red", "as it came in", 4), sign("circle", "blue", "sound, same weights", 6),
          make("span", {}, "dotted upright: where tests usually stand"), make("span", {}, "✕ beyond the panel, or NaN")),
        make("div", { class: "ix-controls" }, this.inputs.guess, button("Show the cause", "", () => this.changes("guess")("shown"))),
        make("p", { class: "ix-state", "data-out": "state" }),
        this.numbers);
    }

    draw(width) {
      if (this.asked !== this.patient) { // a guess is about one patient
        if (this.asked) this.become("guess", "");
        this.asked = this.patient;
      }
      const { patient, knob } = this, ill = this.data.patients[patient], values = this.data.knobs[knob].map(words);
      const [low, high, step] = ill.panel, [report, measured] = FIGURES[ill.figure], [, turned] = KNOBS[knob];
      const left = 46, right = width - 14, top = 12, bottom = top + TALL;
      const toX = scale(0, values.length - 1, left + 28, right - 24), toY = scale(low, high, bottom - 8, top);
      const beyond = (value) => value === null || value > high;
      const points = (name) => ill[name][knob].map((value, i) => [toX(i), toY(beyond(value) ? high : clamp(value, low, high))]);
      const marks = (name, shape, colour, r) => points(name).map((point, i) => {
        const out = beyond(ill[name][knob][i]);
        const node = out ? make("path", { class: `ix-cross ix-${colour}`, d: "M-5 -5L5 5M5 -5L-5 5" }) : mark(shape, colour, r);
        node.setAttribute("transform", `translate(${point})`);
        return node;
      });
      const rest = knob in ill.rest ? -1 : this.data.knobs[knob].indexOf(this.data.rest[knob]), guessed = toY(Math.log(64));
      this.paint(width, bottom + 44,
        ...Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step).flatMap((value) => [
          make("line", { class: "ix-rule", x1: left, x2: right, y1: toY(value), y2: toY(value) }),
          make("text", { x: left - 6, y: toY(value) + 5, "text-anchor": "end" }, String(+value.toFixed(2))),
        ]),
        ...(rest < 0 ? [] : [make("line", { class: "ix-edge", x1: toX(rest), x2: toX(rest), y1: top, y2: bottom })]),
        ...(ill.figure === "loss" ? [make("line", { class: "ix-mean", x1: left, x2: right, y1: guessed, y2: guessed })] : []),
        make("polyline", { class: "ix-line ix-blue", points: points("sound").join(" ") }), ...marks("sound", "circle", "blue", 6),
        make("polyline", { class: "ix-line ix-red ix-dashed", points: points("faulty").join(" ") }), ...marks("faulty", "square", "red", 4),
        axis(toX, bottom, left, right, values.map((_, i) => i), turned, (i) => (width < 300 ? values[i].replace(",000", "k") : values[i])));
      this.numbers.replaceChildren(table(measured, [turned, "sound", "as it came in"],
        values.map((value, i) => [value, short(ill.sound[knob][i]), short(ill.faulty[knob][i])])));
      this.put({ measured, report: `Patient ${letter(patient)}: “${report}”` + ("offset" in ill.rest ? ` Its tokens have a mean of ${ill.rest.offset}.` : "") });
      this.stage.querySelector(".ix-state").replaceChildren(`${this.seen(ill)} `, ...this.told(ill));
    }

    /** What the two curves show under this knob. */
    seen(ill) {
      const { knob, patient } = this, name = `patient ${letter(patient)}`, sound = ill.sound[knob], faulty = ill.faulty[knob];
      const apart = faulty.map((value, i) => (value === null ? Infinity : Math.abs(value - sound[i])));
      if (!ill.shows.includes(knob)) {
        const most = Math.max(...apart), none = most < 0.01 * (ill.panel[1] - ill.panel[0]);
        return `Under this knob ${name} looks healthy: its curve ${none ? "lies on the sound one." : `stays beside the sound one, never more than ${significant(most, 2)} away.`}`;
      }
      const most = Math.max(...apart), far = apart.findLastIndex((distance) => distance >= 0.75 * most); // as far apart as anywhere, or nearly
      const [, , at] = KNOBS[knob], [, , of] = FIGURES[ill.figure];
      return `Here ${name} shows itself: ${at(words(this.data.knobs[knob][far]))} ${of(short(faulty[far]), short(sound[far])).replace("<", "below")}.` +
        (patient === "bfloat16" ? " (At 10,000 all features of a token round to one number, and any norm makes 0 of them.)" : "");
    }

    /** What a guess is worth; the cause, once it was found or asked for. */
    told(ill) {
      const [places, cause, section, title] = PATIENTS[this.patient], { guess } = this;
      if (!guess) return [ill.shows.includes(this.knob) ? "What else changes it? Then guess." : "Turn another one."];
      if (guess === "shown" || places.includes(guess))
        return [`${guess === "shown" ? "The" : "Right. The"} cause: ${cause}. See `, make("a", { href: `#${section}` }, title)];
      const [, shows] = PLACES[guess], others = ill.shows.filter((knob) => knob !== guess).map((knob) => PLACES[knob][1]).join(" and ");
      const why = ill.shows.includes(guess) ? `So it does, but it shows with ${others} as well. What has to do with all of them?`
        : guess in KNOBS ? "Under that knob this patient looks healthy." : "No knob here turns that, and yet one of them brings this patient out.";
      return [`That would show with ${shows}. ${why}`];
    }
  });
})();
