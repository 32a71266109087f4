// The theme lets the keyboard reach code that scrolls. What the browser skipped had no width then: look again when it comes near.
for (const code of document.querySelectorAll(".highlight > pre")) {
  code.addEventListener("contentvisibilityautostatechange", (event) => {
    if (!event.skipped) code.tabIndex = code.scrollWidth > code.clientWidth ? 0 : -1;
  });
}
