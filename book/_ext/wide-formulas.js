// A formula wider than its column scrolls: let the keyboard reach it, and only then.
(() => {
  const boxes = [...document.querySelectorAll(".math-box")];
  const mark = () => {
    // Measure all, then write: each write in between would cost another layout.
    const wide = boxes.map((box) => box.scrollWidth > box.clientWidth + 1);
    boxes.forEach((box, i) => {
      if (wide[i]) {
        box.setAttribute("tabindex", "0");
        box.setAttribute("role", "group");
        box.setAttribute("aria-label", "Formula, scrolls sideways");
      } else {
        for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      }
    });
  };
  mark();
  addEventListener("resize", mark);
  document.fonts.ready.then(mark);
})();
