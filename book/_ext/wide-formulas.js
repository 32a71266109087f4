// A formula wider than its column scrolls: let the keyboard reach it, and only then.
(() => {
  const boxes = [...document.querySelectorAll(".math-box")];
  const mark = (some) => {
    // Measure all, then write: each write in between would cost another layout.
    const wide = some.map((box) => box.scrollWidth > box.clientWidth + 1);
    some.forEach((box, i) => {
      if (wide[i]) {
        box.setAttribute("tabindex", "0");
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", "Formula, scrolls sideways");
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    });
  };
  // A box that the browser skips has no width yet; it is measured when the reader comes near.
  for (const box of boxes) {
    box.addEventListener("contentvisibilityautostatechange", (event) => event.skipped || mark([box]));
  }
  mark(boxes);
  addEventListener("resize", () => mark(boxes));
  document.fonts.ready.then(() => mark(boxes));
})();
