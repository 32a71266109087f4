/* Keeps what a reader has done in this browser, and nowhere else. A classic script that leaves one name behind:
   courseProgress. Every state has a key of its own, so that two open pages do not overwrite each other. */
(function () {
  "use strict";

  const PREFIX = "normalisation-course/1/";
  const KINDS = ["quiz", "exercise", "read"];
  const key = (kind, page, id) => PREFIX + [kind, page, id].map(encodeURIComponent).join("/");

  /** The browser's store; null where it refuses (privacy settings, some browsers for files on disk). */
  function open() {
    try {
      const store = window.localStorage;
      store.setItem(PREFIX, "");
      store.removeItem(PREFIX);
      return store;
    } catch (refused) {
      return null;
    }
  }

  const kept = open();
  const memory = new Map(); // what the store did not take; it ends with the page
  const write = (name, text) => {
    try {
      kept.setItem(name, text);
      memory.delete(name);
    } catch (full) { // or no store at all
      memory.set(name, text);
    }
  };
  const text = (name) => memory.get(name) ?? (kept ? kept.getItem(name) : null);
  const names = () => [...new Set([...memory.keys(), ...(kept ? Object.keys(kept) : [])])]
    .filter((name) => name.startsWith(PREFIX));
  const changed = () => document.dispatchEvent(new CustomEvent("course-progress"));

  function parse(json) {
    try {
      const state = JSON.parse(json);
      return state && typeof state === "object" && !Array.isArray(state) ? state : null;
    } catch (broken) {
      return null;
    }
  }

  /** Keep a state; `kind` is "quiz", "exercise" or "read". */
  function record(kind, page, id, state) {
    write(key(kind, page, id), JSON.stringify(state));
    changed();
  }

  const read = (kind, page, id) => parse(text(key(kind, page, id)));

  /** Everything that is kept: [{kind, page, id, state}], sorted. */
  function all() {
    return names().sort().flatMap((name) => {
      const parts = name.slice(PREFIX.length).split("/").map(decoded);
      const state = parse(text(name));
      return state && parts.length === 3 ? [{ kind: parts[0], page: parts[1], id: parts[2], state }] : [];
    });
  }

  function decoded(part) {
    try {
      return decodeURIComponent(part);
    } catch (broken) {
      return part;
    }
  }

  function forget(kind, page, id) {
    memory.delete(key(kind, page, id));
    if (kept) kept.removeItem(key(kind, page, id));
    changed();
  }

  function clear() {
    for (const name of names()) {
      memory.delete(name);
      if (kept) kept.removeItem(name);
    }
    changed();
  }

  /** Everything as a JSON text. */
  function save() {
    return JSON.stringify({ course: PREFIX, saved: new Date().toISOString(), entries: all() }, null, 1) + "\n";
  }

  /** Take the states out of a text that `save` wrote; return how many there were, or −1 for any other text. */
  function restore(json) {
    const found = parse(json);
    if (!found || found.course !== PREFIX || !Array.isArray(found.entries)) return -1;
    const good = found.entries.filter((entry) => entry && KINDS.includes(entry.kind) &&
      typeof entry.page === "string" && typeof entry.id === "string" && entry.state && typeof entry.state === "object");
    for (const entry of good) write(key(entry.kind, entry.page, entry.id), JSON.stringify(entry.state));
    changed();
    return good.length;
  }

  window.addEventListener("storage", (event) => {
    if (event.key === null || event.key.startsWith(PREFIX)) changed();
  });
  window.courseProgress = { kept: kept !== null, record, read, all, forget, clear, save, restore };
})();
