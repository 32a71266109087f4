/* The page "Your progress": fills the table of chapters with what courseProgress keeps; clears, saves and restores it. */
(function () {
  "use strict";

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  /** How a quiz or an exercise stands: a class, its sign, and words. */
  const STATES = {
    first: ["✓", "right at the first try"],
    done: ["✓", "right at a later try"],
    passed: ["✓", "passed"],
    tried: ["✗", "not right yet"],
    open: ["", "not answered yet"],
    unpassed: ["", "not passed yet"],
  };

  function standing(kind, state) {
    if (kind === "exercise") return state && state.passed === true ? "passed" : "unpassed";
    if (!state || !(state.tries > 0)) return "open";
    return state.right ? (state.first ? "first" : "done") : "tried";
  }

  class Progress extends HTMLElement {
    connectedCallback() {
      if (this.summary) return;
      this.querySelector(".progress-without").remove();
      this.summary = make("p", { class: "progress-summary" });
      this.prepend(this.summary);
      this.querySelector("thead th").after(make("th", { scope: "col" }, "Read"));
      this.chapters = [...this.querySelectorAll("tbody tr")].map((row) => this.prepare(row));
      if (!courseProgress.kept) {
        this.prepend(make("p", { class: "progress-note", role: "note" },
          "This browser keeps nothing for these pages, so your progress ends when you leave a page. " +
          "Either its settings forbid it, or it gives every file that is opened from disk a store of its own. " +
          "Opened through a web server (“make serve”), the pages can keep it."));
      } else if (location.protocol === "file:") {
        this.prepend(make("p", { class: "progress-note", role: "note" },
          "These pages were opened from disk. Some browsers then give every page a store of its own, and this page " +
          "does not see what you did on another. If the table stays empty, open the pages through a web server " +
          "(“make serve”)."));
      }
      this.append(this.controls(), this.key());
      document.addEventListener("course-progress", () => this.update());
      window.addEventListener("pageshow", () => this.update());
      this.update();
    }

    /** Give a row its cell "Read", and each of its links a sign. */
    prepare(row) {
      const page = row.dataset.page;
      const chapter = row.hasAttribute("data-chapter");
      const read = make("td", { "data-kind": "read", "data-label": "Read" }, chapter ? "" : "–");
      row.querySelector("th").after(read);
      const links = [...row.querySelectorAll("a[data-id]")].map((link) => {
        const sign = make("span", { class: "progress-sign", "aria-hidden": "true" });
        link.classList.add("progress-entry");
        link.append(sign);
        return { link, sign, kind: link.closest("td").dataset.kind, id: link.dataset.id };
      });
      const counts = {};
      for (const cell of row.querySelectorAll("td[data-kind]:has(a)")) {
        counts[cell.dataset.kind] = make("div", { class: "progress-count" });
        cell.prepend(counts[cell.dataset.kind]);
      }
      return { page, read: chapter ? read : null, links, counts };
    }

    update() {
      const total = { chapters: 0, read: 0, quiz: 0, answered: 0, first: 0, exercise: 0, passed: 0 };
      for (const { page, read, links, counts } of this.chapters) {
        if (read) {
          const done = courseProgress.read("read", page, "page") !== null;
          read.textContent = done ? "yes" : "not yet";
          total.chapters += 1;
          total.read += done;
        }
        const here = { quiz: 0, answered: 0, first: 0, exercise: 0, passed: 0 };
        for (const { link, sign, kind, id } of links) {
          const how = standing(kind, courseProgress.read(kind, page, id));
          here[kind] += 1;
          here.answered += kind === "quiz" && how !== "open";
          here.first += how === "first";
          here.passed += how === "passed";
          link.dataset.state = how;
          sign.textContent = STATES[how][0];
          link.setAttribute("aria-label", `${link.dataset.name}: ${STATES[how][1]}`);
        }
        if (counts.quiz) {
          counts.quiz.textContent = `${here.answered} of ${here.quiz} answered, ${here.first} right at the first try`;
        }
        if (counts.exercise) counts.exercise.textContent = `${here.passed} of ${here.exercise} passed`;
        for (const name of Object.keys(here)) total[name] += here[name];
      }
      this.summary.textContent = `You have read ${total.read} of ${total.chapters} chapters, ` +
        `answered ${total.answered} of ${total.quiz} quizzes, ${total.first} of them right at the first try, ` +
        `and passed ${total.passed} of ${total.exercise} exercises in the pages.`;
    }

    controls() {
      const said = make("p", { class: "progress-said", role: "status" });
      const say = (text) => { said.textContent = text; };
      const button = (text, press) => {
        const made = make("button", { type: "button", class: "progress-button" }, text);
        made.addEventListener("click", press);
        return made;
      };
      const file = make("input", { type: "file", accept: ".json", class: "progress-file" }); // the button opens it
      file.addEventListener("change", async () => {
        if (!file.files.length) return;
        const count = courseProgress.restore(await file.files[0].text());
        file.value = "";
        say(count < 0 ? "That file holds no progress of this course; nothing was changed."
          : `Restored ${count} ${count === 1 ? "entry" : "entries"}.`);
      });
      const ask = this.question("Delete all your progress?",
        "Answers, exercises and chapters read are deleted from this browser. If you may want them back, save them first.",
        "Delete", () => {
          courseProgress.clear();
          say("All progress was deleted.");
        });
      const group = make("div", { class: "progress-controls" },
        button("Save to a file", () => {
          this.download("normalisation-course-progress.json", courseProgress.save());
          say("Your browser saves the file normalisation-course-progress.json.");
        }),
        button("Restore from a file", () => file.click()),
        button("Delete everything …", () => ask.showModal()));
      return make("div", {}, group, file, ask, said);
    }

    question(title, text, act, then) {
      const heading = make("p", { class: "progress-question", id: "progress-question" }, title);
      const dialog = make("dialog", { class: "progress-dialog", "aria-labelledby": heading.id });
      const keep = make("button", { type: "button", class: "progress-button", autofocus: "" }, "Keep it");
      const go = make("button", { type: "button", class: "progress-button progress-danger" }, act);
      keep.addEventListener("click", () => dialog.close());
      go.addEventListener("click", () => { dialog.close(); then(); });
      dialog.append(heading, make("p", {}, text), make("div", { class: "progress-controls" }, keep, go));
      return dialog;
    }

    download(name, text) {
      const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      make("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    }

    key() {
      return make("ul", { class: "progress-key" }, ...["first", "done", "tried", "open"].map((how) =>
        make("li", {}, make("span", { class: "progress-entry", "data-state": how, "aria-hidden": "true" }, "1",
          make("span", { class: "progress-sign" }, STATES[how][0])), ` ${STATES[how][1]}`)));
    }
  }

  customElements.define("course-progress", Progress);
})();
