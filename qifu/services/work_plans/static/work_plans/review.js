// The review desk: bring the lit line into view inside the original, and leaf with j and k. The page works without it.
(() => {
  "use strict";
  const pane = document.querySelector(".original");
  const lit = pane && pane.querySelector(".is-cell, .is-lit");
  if (lit) {
    const top = lit.getBoundingClientRect().top - pane.getBoundingClientRect().top + pane.scrollTop;
    pane.scrollTop = Math.max(0, top - pane.clientHeight / 3);
  }
  const links = { j: "[data-leaf=next]", k: "[data-leaf=previous]" };
  document.addEventListener("keydown", (event) => {
    if (document.documentElement.dataset.keys === "off" || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
    const link = links[event.key] && document.querySelector(links[event.key]);
    if (link) link.click();
  });
})();
