// Lets the reader of the interview bank choose a chapter and a level. Without this script the whole list stands there.
(() => {
  const filter = document.querySelector(".interview-filter");
  const status = filter.querySelector("[role=status]");
  const chapters = [...document.querySelectorAll(".interview-chapter")];
  const levels = filter.dataset.levels.split(" ");

  const list = (name, options) => {
    const label = document.createElement("label");
    const select = document.createElement("select");
    for (const [value, text] of options) select.add(new Option(text, value));
    select.addEventListener("change", show);
    label.append(name, select);
    filter.insertBefore(label, status);
    return select;
  };

  const title = (chapter) => chapter.querySelector("h2 a").textContent;
  const chapter = list("Chapter", [["", "All chapters"], ...chapters.map((part) => [part.id, title(part)])]);
  const level = list("Level", [["", "All levels"], ...levels.map((name) => [name, name])]);

  function show() {
    let shown = 0;
    let all = 0;
    for (const part of chapters) {
      let here = 0;
      for (const question of part.querySelectorAll(".interview")) {
        const fits = (!chapter.value || chapter.value === part.id) && (!level.value || level.value === question.dataset.level);
        question.hidden = !fits;
        here += fits;
        all += 1;
      }
      part.hidden = here === 0;
      shown += here;
    }
    status.textContent = `${shown} of ${all} questions`;
  }

  show(); // a browser may bring back the choice that was made before a reload
})();
