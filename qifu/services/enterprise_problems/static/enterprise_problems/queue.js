// Work queues: x picks the row, pick a whole page, choose columns (kept on this device). The page works without it.
(() => {
  "use strict";
  const table = document.querySelector(".queue-table");
  if (!table) return;

  const boxes = () => [...table.querySelectorAll('input[name="case"]')];
  const told = document.querySelector("[data-picked]");
  const all = table.querySelector("[data-pick-all]");
  function tell() {
    const picked = boxes().filter((box) => box.checked).length;
    if (told) told.textContent = picked ? `已选 ${picked} 件` : "";
    if (all) { all.checked = picked > 0 && picked === boxes().length; all.indeterminate = picked > 0 && !all.checked; }
  }
  if (all) all.addEventListener("change", () => { boxes().forEach((box) => { box.checked = all.checked; }); tell(); });
  table.addEventListener("change", tell);
  tell();

  document.addEventListener("keydown", (event) => {
    if (document.documentElement.dataset.keys === "off" || event.isComposing || event.keyCode === 229) return;
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]')) return;
    const row = [...table.tBodies[0].rows].find((one) => one.getAttribute("aria-current") === "true" || one.contains(document.activeElement));
    const box = row && row.querySelector('input[name="case"]');
    if (!box) return;
    event.preventDefault();
    box.checked = !box.checked;
    tell();
  });

  const chooser = document.querySelector("[data-columns]");
  const place = `qifu-columns-${table.dataset.table}`;
  let hidden = [];
  try { hidden = JSON.parse(window.localStorage.getItem(place) || "[]"); } catch { hidden = []; }
  function show() {
    table.querySelectorAll("[data-column]").forEach((cell) => { cell.hidden = hidden.includes(cell.dataset.column); });
  }
  table.querySelectorAll("thead [data-column]").forEach((head) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.className = "form-check-input";
    box.checked = !hidden.includes(head.dataset.column);
    box.addEventListener("change", () => {
      hidden = box.checked ? hidden.filter((name) => name !== head.dataset.column) : [...hidden, head.dataset.column];
      try { window.localStorage.setItem(place, JSON.stringify(hidden)); } catch { /* private mode keeps nothing */ }
      show();
    });
    label.append(box, head.textContent.trim());
    chooser.append(label);
  });
  show();
})();
