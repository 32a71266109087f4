/* The button at the end of a chapter: "I have read this chapter". */
(function () {
  "use strict";
  const page = document.currentScript.dataset.page;
  const article = document.querySelector("article.bd-article") ?? document.querySelector("[role=main]");
  if (!article) return;

  const button = document.createElement("button");
  button.type = "button";
  button.className = "progress-button progress-read";
  button.textContent = "I have read this chapter";
  const show = () => button.setAttribute("aria-pressed", String(courseProgress.read("read", page, "page") !== null));
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") courseProgress.forget("read", page, "page");
    else courseProgress.record("read", page, "page", { at: new Date().toISOString() });
  });
  document.addEventListener("course-progress", show);
  show();

  const place = document.createElement("p");
  place.className = "progress-end";
  place.append(button);
  article.append(place);
})();
