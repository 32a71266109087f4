/* Exercises in the page: an editor, and a check that Pyodide runs in a worker. A classic script without dependencies,
   so that it works from a file too. Nothing of Pyodide is asked for before the reader presses "Run and check".
   What is written, and whether it passed, is kept by courseProgress (store.js) under "exercise". */
(function () {
  "use strict";

  const SECONDS = 10; // of running; loading takes as long as it takes
  const INDENT = "    ";

  function make(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  // --- Colours for Python: the classes are Pygments', so that the page's style sheet paints them

  const KEYWORDS = new Set(("and as assert async await break class continue def del elif else except finally for from global if import in is " +
    "lambda nonlocal not or pass raise return try while with yield").split(" "));
  const CONSTANTS = new Set(["True", "False", "None"]);
  const TOKEN = /(#.*)|([rbfuRBFU]{0,2}(?:"""[^]*?(?:"""|$)|'''[^]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|((?:\b\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)/g;

  function painted(code) {
    const pieces = [];
    let at = 0, before = "";
    for (const found of code.matchAll(TOKEN)) {
      const [text, comment, string, number, word] = found;
      const kind = comment ? "c1" : string ? "s2" : number ? "mf" : CONSTANTS.has(word) ? "kc" : KEYWORDS.has(word) ? "k" : before === "def" ? "nf" : "";
      before = word ?? "";
      if (!kind) continue;
      pieces.push(code.slice(at, found.index), make("span", { class: kind }, text));
      at = found.index + text.length;
    }
    return [...pieces, code.slice(at), "\n"]; // without the last line end an empty last line has no height
  }

  // --- Typing

  /** Replaces a range as if typed, so that the browser's undo takes it back. */
  function type(area, text, from = area.selectionStart, to = area.selectionEnd) {
    area.setSelectionRange(from, to);
    const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
    if (done) return;
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  const lineStart = (area, at = area.selectionStart) => area.value.lastIndexOf("\n", at - 1) + 1;

  /** Moves the selected lines right, or left. */
  function shift(area, left) {
    const from = lineStart(area), anchor = area.selectionStart, end = area.selectionEnd;
    const text = area.value.slice(from, end);
    const moved = text.split("\n").map((line) => (left ? line.replace(/^ {1,4}/, "") : line && INDENT + line)).join("\n");
    if (moved === text) return;
    type(area, moved, from, end);
    if (anchor !== end) area.setSelectionRange(from, from + moved.length);
  }

  function press(event, area, run) {
    const { key } = event, one = area.selectionStart === area.selectionEnd;
    if (event.isComposing || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (key === "Enter") { event.preventDefault(); run(); }
      return;
    }
    if (key === "Escape") { area.leaving = true; return; } // then Tab leads out
    if (key === "Tab" && !area.leaving) {
      event.preventDefault();
      const column = area.selectionStart - lineStart(area);
      if (event.shiftKey || !one) shift(area, event.shiftKey);
      else type(area, INDENT.slice(column % 4));
    } else if (key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const line = area.value.slice(lineStart(area), area.selectionStart);
      type(area, "\n" + line.match(/^ */)[0] + (/:\s*(#.*)?$/.test(line) ? INDENT : ""));
    } else if (key === "Backspace" && one) {
      const from = lineStart(area), before = area.value.slice(from, area.selectionStart);
      if (before && /^ +$/.test(before)) {
        event.preventDefault();
        type(area, "", area.selectionStart - ((before.length - 1) % 4 + 1), area.selectionStart);
      }
    }
    if (key !== "Shift" && key !== "Tab") area.leaving = false;
  }

  // --- Python: one worker for the page, started by the first run and thrown away when it hangs or breaks

  /** The worker's own code; it is turned into text, so it can use nothing from outside. */
  function inWorker() {
    const MOST = 20000; // characters of output
    let run, left;
    const tell = (line) => {
      if (left <= 0) return;
      left -= line.length + 1;
      postMessage({ print: line + (left > 0 ? "\n" : "\n… and more: the rest is not shown") });
    };
    async function load({ python, files }) {
      importScripts(python + "pyodide.js");
      const pyodide = await loadPyodide({ indexURL: python, stdout: tell, stderr: tell });
      postMessage({ stage: "Loading NumPy …" });
      await pyodide.loadPackage("numpy", { messageCallback() {}, errorCallback() {} });
      for (const [name, text] of Object.entries(files)) {
        const path = "/course/" + name;
        pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
        pyodide.FS.writeFile(path, text);
      }
      run = pyodide.runPython("import sys; sys.path.insert(0, '/course'); import numpy; import runner; runner.run");
    }
    onmessage = async ({ data }) => {
      try {
        left = MOST;
        if (data.python) {
          await load(data);
          postMessage({ ready: true });
        } else {
          postMessage({ verdict: JSON.parse(run(data.code, data.check)) });
        }
      } catch (error) {
        postMessage({ broken: String((error && error.message) || error) });
      }
    };
  }

  let files; // {name: text} of the Python side
  let worker = null; // with .ready once Python is there, and .owner while it runs

  function discard() {
    if (!worker) return;
    clearTimeout(worker.timer);
    worker.terminate();
    worker = null;
  }

  function start(python) {
    const address = URL.createObjectURL(new Blob([`(${inWorker})()`], { type: "text/javascript" }));
    worker = new Worker(address);
    URL.revokeObjectURL(address);
    worker.addEventListener("message", ({ data, target }) => { if (target === worker && worker.owner) worker.owner.hear(data); });
    worker.addEventListener("error", (event) => { if (event.target === worker && worker.owner) worker.owner.hear({ broken: event.message || "" }); });
    worker.postMessage({ python, files });
  }

  // --- The element

  const WORDS = { passed: "Passed.", hint: "Not yet.", unwritten: "Not written yet.", error: "Your code stopped." };

  class Exercise extends HTMLElement {
    connectedCallback() {
      if (this.area) return;
      Object.assign(this, JSON.parse(this.querySelector("script").textContent)); // code, check
      files ??= this.files; // the first exercise of a page brings them for all
      this.python = new URL(this.dataset.python, document.baseURI);
      const name = this.dataset.name, source = this.querySelector(".exercise-source");
      this.kept = courseProgress.read("exercise", this.dataset.page, name) || {};

      this.area = make("textarea", {
        class: "exercise-area", "aria-label": `Code of the exercise ${name}`, "aria-describedby": `exercise-${name}-keys`,
        autocapitalize: "off", autocomplete: "off", autocorrect: "off", spellcheck: "false", wrap: "off",
      });
      this.paint = make("span", { class: "highlight" });
      this.runButton = this.button("Run and check", "run", () => this.run());
      this.stopButton = this.button("Stop", "stop", () => this.stop("Stopped.", "Your code is kept."));
      this.resetButton = this.button("Reset", "reset", () => this.reset());
      this.printed = make("pre", { class: "exercise-printed", tabindex: "0", role: "region", "aria-label": `What ${name} printed` });
      this.verdict = make("div", { class: "exercise-verdict", role: "status" });
      this.mark = make("span", { class: "exercise-mark" });
      const from = /^https?:$/.test(this.python.protocol) && this.python.host !== location.host ? this.python.host : "this site";
      this.hosts = from;
      const keys = make("p", { class: "exercise-keys", id: `exercise-${name}-keys` }, "While you write, Tab indents; Escape, then Tab, leaves the editor. Ctrl + Enter runs.");
      const note = make("p", { class: "exercise-note" }, `Runs in your browser. The first run on a page loads Python, about ${this.dataset.megabytes} MB, from ${from}; nothing is loaded before, and nothing that you write is sent.`);

      this.querySelector(".exercise-heading").append(this.mark);
      source.after(
        make("div", { class: "exercise-editor" }, make("div", { class: "exercise-layers" }, make("div", { class: "exercise-paint", "aria-hidden": "true" }, this.paint), this.area)), keys,
        make("div", { class: "exercise-buttons" }, this.runButton, this.stopButton, this.resetButton), this.verdict, this.printed, note);
      source.remove();

      this.area.value = this.kept.code ?? this.code;
      this.area.addEventListener("input", () => this.edited());
      this.area.addEventListener("keydown", (event) => press(event, this.area, () => this.run()));
      this.area.leaving = true; // who comes by Tab and writes nothing passes through by Tab
      this.area.addEventListener("click", () => { this.area.leaving = false; });
      this.area.addEventListener("blur", () => {
        this.area.leaving = document.activeElement !== this.area; // still this one: the reader looks into another window
        this.keep();
      });
      window.addEventListener("pagehide", () => this.keep());
      this.show();
      this.print("");
      this.idle();
    }

    button(text, kind, action) {
      const node = make("button", { type: "button", class: `exercise-button exercise-${kind}` }, text);
      node.addEventListener("click", action);
      return node;
    }

    show() {
      this.paint.replaceChildren(...painted(this.area.value));
      this.mark.textContent = this.kept.passed ? " ✓ passed" : "";
    }

    edited() {
      this.area.leaving = false;
      this.show();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), 400);
    }

    /** Hands the code to the store, if it has changed. */
    keep(passed = this.kept.passed) {
      clearTimeout(this.timer);
      const code = this.area.value;
      if (code === (this.kept.code ?? this.code) && passed === this.kept.passed) return;
      this.kept = { ...this.kept, code, passed: Boolean(passed) };
      courseProgress.record("exercise", this.dataset.page, this.dataset.name, this.kept);
      this.show();
    }

    reset() {
      if (this.area.value === this.code) return this.say("unwritten", "Reset.", "This is the code that the exercise began with.");
      this.area.focus();
      type(this.area, this.code, 0, this.area.value.length); // so that undo brings the old code back
      this.area.setSelectionRange(0, 0);
      this.keep();
      this.print("");
      this.say("unwritten", "Reset.", "Undo in the editor (Ctrl + Z, on a Mac ⌘ Z) brings your code back.");
    }

    // Running

    run() {
      if (worker && worker.owner) {
        if (worker.owner !== this) this.say("busy", "Wait.", `The exercise ${worker.owner.dataset.name} is still running. Stop it there first.`);
        return;
      }
      this.keep();
      this.print("");
      if (this.python.protocol === "file:") return this.refuse();
      try {
        if (!worker) start(this.python.href);
      } catch (error) {
        worker = null;
        return this.hear({ broken: String(error) });
      }
      worker.owner = this;
      this.runButton.hidden = true;
      this.stopButton.hidden = false;
      if (document.activeElement === document.body || document.activeElement === this.runButton) this.stopButton.focus();
      if (worker.ready) this.send();
      else this.say("busy", "Loading Python …", `About ${this.dataset.megabytes} MB from ${this.hosts}, the first time only.`);
    }

    send() {
      this.say("busy", "Running …", "");
      worker.timer = setTimeout(
        () => this.stop(`Stopped after ${SECONDS} seconds.`, "Is there a loop that never ends? Your code is kept."), SECONDS * 1000);
      worker.postMessage({ code: this.area.value, check: this.check });
    }

    hear({ print, stage, ready, verdict, broken }) {
      if (print !== undefined) return this.print(this.printed.textContent + print);
      if (stage) return this.say("busy", stage, "");
      if (ready) {
        worker.ready = true;
        return this.send();
      }
      const loaded = worker && worker.ready;
      if (broken !== undefined) {
        discard();
        if (!loaded) this.say("error", "Python could not be loaded.", `Is there a connection to ${this.hosts}? Your code is kept: try again later, or do the exercise in JupyterLab (“Do it elsewhere”, below).`);
        else this.say("error", "Python broke down.", `Your code is kept, and the next run starts afresh. (${broken.split("\n")[0].slice(0, 200)})`);
      } else {
        clearTimeout(worker.timer);
        worker.owner = null;
        this.say(verdict.kind, WORDS[verdict.kind], verdict.text);
        if (verdict.kind === "passed") this.keep(true);
      }
      this.idle();
    }

    stop(title, text) {
      discard();
      this.say("error", title, text);
      this.idle();
    }

    idle() {
      const focused = document.activeElement === this.stopButton;
      this.stopButton.hidden = true;
      this.runButton.hidden = false;
      if (focused) this.runButton.focus();
    }

    refuse() {
      this.say("error", "Python can’t be loaded here.", "This page was opened as a file, and browsers load Python only from a server. " +
        "In a terminal in the site’s folder run “python -m http.server 8000 --bind 127.0.0.1” and open http://127.0.0.1:8000, or do the exercise in JupyterLab (“Do it elsewhere”, below).");
    }

    print(text) {
      this.printed.textContent = text;
      this.printed.hidden = !text;
    }

    say(kind, title, text) {
      this.verdict.className = `exercise-verdict exercise-is-${kind}`;
      this.verdict.replaceChildren(make("strong", {}, title), " ", make("span", { class: "exercise-text" }, text));
    }
  }

  customElements.define("course-exercise", Exercise);
})();
