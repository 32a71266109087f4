/* Makes a form of every quiz on the page. Without this script a quiz is a list of its answers with their explanations;
   the list's own nodes become the form, so that paper shows them all again (quiz.css).
   A classic script; what the reader answered goes to courseProgress (store.js). */
(function () {
  "use strict";

  /** An element with its attributes and children. */
  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** The words of a node, without the second and third copy of each formula that KaTeX writes. */
  function words(node) {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("annotation, .katex-html, button").forEach((part) => part.remove());
    return copy.textContent.trim().replace(/\s+/g, " ");
  }

  const POWERS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹";

  /** What a typed text may mean, for a comma is a decimal sign to some and parts thousands for others. [] is no number. */
  function numbers(text, unit) {
    const bare = text.trim().endsWith(unit) ? text.trim().slice(0, text.trim().length - unit.length) : text;
    const plain = bare.replace(/\s/g, "").replace(/[−–]/g, "-").replace(/\*\*/g, "^")
      .replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/, (power) => "^" + power.replace(/./g, (sign) => "-0123456789"[POWERS.indexOf(sign)]))
      .replace(/^(-?)10\^/, (all, sign) => `${sign}1e`).replace(/[×x*·]10\^/i, "e");
    const readings = plain.includes(",") ? [plain.replace(/,/g, "")] : [plain];
    if (plain.split(",").length === 2 && !plain.includes(".")) readings.push(plain.replace(",", "."));
    const value = (reading) => {
      const [above, below, ...more] = reading.split("/").map((part) =>
        /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(part) ? Number(part) : NaN);
      return more.length ? NaN : above / (below === undefined ? 1 : below);
    };
    return readings.map(value).filter(Number.isFinite);
  }

  /** One quiz. The kinds differ in `build`, `given` and `judge`:
      build()        puts the controls into this.fieldset
      given()        what the reader answered so far, as it is kept; null if nothing; says `missing` then
      judge(given)   {right, lead, about}: a sentence of its own and the nodes that explain
      restore(given) puts a kept answer back */
  class Quiz extends HTMLElement {
    connectedCallback() {
      if (this.form) return;
      this.items = [...this.querySelectorAll(".quiz-answers > li")].map((node) => ({
        node, label: node.querySelector(":scope > .quiz-label"), why: node.querySelector(":scope > .quiz-why"),
        right: node.classList.contains("quiz-right"),
      }));
      this.list = this.querySelector(".quiz-answers");
      this.kind = { order: Order, number: Numeric }[this.dataset.kind] || Choice;
      Object.assign(this, this.kind);

      const title = this.querySelector(":scope > .quiz-title");
      const question = this.querySelector(":scope > .quiz-question");
      question.id = `${this.id}-question`;
      this.fieldset = make("fieldset", { "aria-describedby": question.id },
        make("legend", { class: "quiz-title" }, words(title)), question);
      this.feedback = make("div", { class: "quiz-feedback", role: "status" });
      this.list.id = `${this.id}-answers`;
      this.more = make("button", { type: "button", class: "quiz-button quiz-more", "aria-controls": this.list.id });
      this.more.hidden = true;
      this.more.addEventListener("click", () => this.explain(this.more.getAttribute("aria-expanded") === "false"));
      const check = make("button", { type: "submit", class: "quiz-button quiz-check" }, "Check");
      this.form = make("form", { novalidate: "", autocomplete: "off" }, this.fieldset,
        make("div", { class: "quiz-buttons" }, check), this.feedback, make("div", { class: "quiz-after" }, this.more));
      this.form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.check();
      });
      this.explain(false);
      this.build();
      title.replaceWith(this.form);
      this.recall();
      document.addEventListener("course-progress", () => this.dismiss());
    }

    get kept() {
      return courseProgress.read("quiz", this.dataset.page, this.dataset.quiz);
    }

    /** Show or hide the explanations of all answers; `unfold` does what a kind does besides. */
    explain(all) {
      this.items.forEach(({ why }) => (why.hidden = !all));
      this.list.classList.toggle("quiz-explained", all);
      this.more.setAttribute("aria-expanded", String(all));
      this.more.textContent = all ? "Hide the explanations" : this.moreText;
      this.unfold(all);
    }

    check() {
      const given = this.given();
      if (given === null) return this.say("empty", [make("p", {}, this.missing)]);
      const verdict = this.judge(given);
      const before = this.kept || { tries: 0, first: false, right: false };
      const state = {
        tries: before.right ? before.tries : before.tries + 1,
        first: before.tries === 0 ? verdict.right : before.first,
        right: before.right || verdict.right,
        answer: given,
      };
      courseProgress.record("quiz", this.dataset.page, this.dataset.quiz, state);
      this.show(verdict);
    }

    show({ right, lead, about }) {
      const sign = make("span", { class: "quiz-sign", "aria-hidden": "true" }, right ? "✓" : "✗");
      const parts = [];
      if (lead) parts.push(make("p", {}, make("strong", {}, lead)));
      for (const node of about) {
        const copy = node.cloneNode(true);
        copy.querySelectorAll("[id]").forEach((inner) => inner.removeAttribute("id"));
        parts.push(...copy.childNodes);
      }
      this.say(right ? "right" : "wrong", [sign, make("div", {}, ...parts)]);
      this.more.hidden = false;
    }

    say(state, parts) {
      this.feedback.dataset.state = state;
      this.feedback.replaceChildren(...parts);
    }

    /** An answer that was changed is not the one that the feedback speaks of. */
    change() {
      if (this.feedback.hasChildNodes()) this.say("none", []);
      this.explain(false);
    }

    recall() {
      const kept = this.kept;
      try {
        if (kept && this.restore(kept.answer)) this.show(this.judge(this.given()));
      } catch (old) { // a state of an earlier form of this quiz
        this.say("none", []);
      }
    }

    /** All progress was cleared, perhaps in another window: begin anew. */
    dismiss() {
      if (this.more.hidden || this.kept) return;
      this.change();
      this.more.hidden = true;
    }

    unfold() {}
  }

  const Choice = {
    missing: "Choose an answer first.",
    moreText: "Explain all answers",
    build() {
      this.items.forEach((item, i) => {
        item.input = make("input", { type: "radio", name: this.id, value: i });
        // A browser leaves the formulas of a label out of the name that it makes of it.
        if (item.label.querySelector(".katex")) item.input.setAttribute("aria-label", words(item.label));
        item.input.addEventListener("change", () => this.change());
        const only = item.label.children.length === 1 && item.label.querySelector(":scope > p");
        const text = make("span", {}, ...(only || item.label).childNodes);
        item.label.replaceWith(make("label", { class: "quiz-label" }, item.input, text));
      });
      this.fieldset.append(this.list);
    },
    given() {
      const chosen = this.items.findIndex((item) => item.input.checked);
      return chosen < 0 ? null : chosen;
    },
    judge(chosen) {
      return { right: this.items[chosen].right, about: [this.items[chosen].why] };
    },
    restore(chosen) {
      this.items[chosen].input.checked = true;
      return true;
    },
  };

  const Numeric = {
    missing: "Type a number first, for instance 24.5, −3, 1/8 or 2e-5.",
    moreText: "Explain the usual answers",
    build() {
      this.items.forEach((item) => {
        const { value, tolerance, other } = item.label.dataset;
        Object.assign(item, { value: Number(value), tolerance: Number(tolerance), other: other !== undefined });
      });
      this.input = make("input", {
        type: "text", id: `${this.id}-number`, class: "quiz-number", autocapitalize: "off", spellcheck: "false",
      });
      this.input.addEventListener("input", () => this.change());
      const label = make("label", { for: this.input.id }, "Your number");
      this.fieldset.append(make("div", { class: "quiz-typed" }, label, this.input));
      if (this.dataset.unit) {
        label.append(make("span", { class: "quiz-hidden" }, ` in ${this.dataset.unit}`));
        this.input.after(make("span", { "aria-hidden": "true" }, this.dataset.unit));
      }
      this.form.append(this.list);
    },
    given() {
      return this.numbers(this.input.value).length ? this.input.value.trim() : null;
    },
    numbers(text) {
      return numbers(text, this.dataset.unit || "");
    },
    judge(text) {
      const near = (item, value) => Math.abs(value - item.value) <= item.tolerance * (1 + 1e-9);
      const meant = this.items.filter((item) => this.numbers(text).some((value) => near(item, value)));
      const found = meant.find((item) => item.right) || meant[0] || this.items.find((item) => item.other);
      return { right: found.right, about: [found.why] };
    },
    restore(text) {
      this.input.value = text;
      return this.numbers(text).length > 0;
    },
    unfold(all) {
      this.list.hidden = !all;
    },
  };

  const Order = {
    moreText: "Show the order, explained",
    build() {
      this.spoken = make("div", { class: "quiz-hidden", role: "status" });
      this.items.forEach((item, i) => {
        const name = words(item.label);
        const button = (sign, way, by) => {
          const made = make("button", { type: "button", class: "quiz-move", "aria-label": `Move ${way}: ${name}` },
            make("span", { "aria-hidden": "true" }, sign));
          made.addEventListener("click", () => this.move(item, by));
          return made;
        };
        Object.assign(item, { place: i, name, up: button("↑", "up", -1), down: button("↓", "down", 1) });
        item.step = make("div", { class: "quiz-step", "data-place": `${i + 1}.` }, item.label,
          make("div", { class: "quiz-moves" }, item.up, item.down));
        item.node.prepend(item.step);
        item.node.style.setProperty("--place", i);
      });
      this.fieldset.append(this.list, this.spoken);
      this.arrange(this.dataset.start.split(" ").map(Number));
    },
    /** Bring the steps into the order `places`: this.items[places[0]] first. The one that has the focus is not taken out. */
    arrange(places) {
      this.order = places.map((place) => this.items[place]);
      const focused = this.order.findIndex((item) => item.node.contains(document.activeElement));
      this.order.forEach(({ node }, i) => {
        if (focused < 0 || i > focused) this.list.append(node);
        else if (i < focused) this.list.insertBefore(node, this.order[focused].node);
      });
      this.order.forEach((item, i) => {
        item.step.dataset.now = `${i + 1}.`;
        item.up.setAttribute("aria-disabled", String(i === 0));
        item.down.setAttribute("aria-disabled", String(i === this.order.length - 1));
      });
    },
    move(item, by) {
      const from = this.order.indexOf(item), to = from + by;
      if (to < 0 || to >= this.order.length) return;
      const places = this.given();
      [places[from], places[to]] = [places[to], places[from]];
      this.arrange(places);
      this.change();
      this.spoken.textContent = `${item.name}: now step ${to + 1} of ${places.length}`;
    },
    given() {
      return this.order.map((item) => item.place);
    },
    judge(places) {
      const wrong = places.findIndex((place, i) => place !== i);
      if (wrong < 0) return { right: true, lead: "Right, every step is in its place.", about: [] };
      const good = wrong === 0 ? "" : wrong === 1 ? "Step 1 is right. " : `Steps 1 to ${wrong} are right. `;
      const item = this.items[places[wrong]];
      return { right: false, lead: `${good}Step ${wrong + 1} is not yet “${item.name}”.`, about: [item.why] };
    },
    restore(places) {
      if (places.length !== this.items.length || this.items.some((item) => !places.includes(item.place))) return false;
      this.arrange(places);
      return true;
    },
    unfold(all) {
      if (!all || this.judge(this.given()).right) return;
      this.arrange(this.items.map((item) => item.place));
      this.say("none", []);
    },
  };

  customElements.define("course-quiz", Quiz);
})();
