// Small helps over pages that work without them: folding menus, single keys, row clicks, focus after errors.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.remove("no-js");

  // Menus made of <details>: Escape and a click elsewhere close them.
  const folds = () => document.querySelectorAll("details.menu-fold[open], details.menu-pop[open]");
  document.addEventListener("click", (event) => {
    folds().forEach((fold) => { if (!fold.contains(event.target)) fold.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    folds().forEach((fold) => { fold.open = false; fold.querySelector("summary").focus(); });
  });

  // Buttons that open or close a dialog by its id.
  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) document.getElementById(opens.dataset.opens).showModal();
    const closes = event.target.closest("[data-closes]");
    if (closes) document.getElementById(closes.dataset.closes).close();
    const prints = event.target.closest("[data-prints]");
    if (prints) window.print();
  });

  // A row with data-href opens like its link; text selection and inner controls keep working.
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.defaultPrevented || event.target.closest("a, button, input, label, summary, select")) return;
    if (String(window.getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
    else window.location.assign(row.dataset.href);
  });

  // Single keys (WCAG 2.1.4): silent in fields, with modifiers and while an input method composes; can be switched off.
  const editing = (node) => node.closest("input, textarea, select, [contenteditable]") !== null;
  const visible = (nodes) => [...nodes].find((node) => node.offsetParent !== null);
  function moveInQueue(step) {
    const rows = [...document.querySelectorAll("[data-queue] tbody tr, [data-queue] > li")];
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.getAttribute("aria-current") === "true" || row.contains(document.activeElement));
    const next = rows[Math.min(rows.length - 1, Math.max(0, here + step))];
    rows.forEach((row) => row.removeAttribute("aria-current"));
    next.setAttribute("aria-current", "true");
    const link = next.querySelector("a, button");
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
  const keys = {
    "/": () => {
      const box = visible(document.querySelectorAll("main [data-search]")) || visible(document.querySelectorAll("[data-search]"));
      if (box) { box.focus(); box.select(); return; }
      const fold = document.querySelector("details.menu-fold");
      if (fold) { fold.open = true; fold.querySelector("[data-search]").focus(); }
    },
    "?": () => document.getElementById("keys").showModal(),
    j: () => moveInQueue(1),
    k: () => moveInQueue(-1),
  };
  document.addEventListener("keydown", (event) => {
    if (root.dataset.keys === "off" || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || editing(event.target) || document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });

  // After a refused form the summary takes focus, so that it is read first.
  document.querySelector("[data-focus]")?.focus();

  // A part that could not be fetched says so and offers the whole page again.
  document.body.addEventListener("htmx:responseError", (event) => failed(event.detail.target));
  document.body.addEventListener("htmx:sendError", (event) => failed(event.detail.target));
  function failed(target) {
    const box = document.getElementById("messages");
    if (!box || box.querySelector("[data-failed]")) return;
    const note = document.createElement("div");
    note.className = "note note-bad";
    note.dataset.failed = "";
    const text = document.createElement("div");
    text.textContent = "这部分内容没有取到。请检查网络后";
    const again = document.createElement("a");
    again.href = window.location.href;
    again.textContent = "重新载入";
    text.append(again, "。");
    note.append(text);
    box.append(note);
    if (target) target.removeAttribute("aria-busy");
  }
})();
