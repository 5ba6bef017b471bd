// Small helps over forms that work without them: a count of characters, a box that narrows a long list of units.
(() => {
  "use strict";
  document.querySelectorAll("textarea[data-counter]").forEach((area) => {
    const most = Number(area.dataset.counter);
    const count = document.createElement("span");
    count.className = "counter";
    count.setAttribute("aria-live", "off");
    const say = () => { count.textContent = `${[...area.value].length} / ${most} 字`; };
    area.addEventListener("input", say);
    area.after(count);
    say();
  });
  document.querySelectorAll("select[data-narrow]").forEach((select) => {
    if (select.options.length < 12) return;
    const box = document.createElement("input");
    box.type = "search";
    box.className = "form-control narrow-box";
    box.placeholder = select.dataset.narrow;
    box.setAttribute("aria-label", select.dataset.narrow);
    const all = [...select.children].map((node) => node.cloneNode(true));
    box.addEventListener("input", () => {
      const wanted = box.value.trim();
      const chosen = select.value;
      select.replaceChildren(...all.map((node) => node.cloneNode(true)).filter((node) => {
        if (!wanted || node.tagName !== "OPTGROUP") return node.tagName === "OPTGROUP" || !wanted || node.value === "";
        [...node.children].forEach((option) => { if (!option.textContent.includes(wanted) && option.value !== chosen) option.remove(); });
        return node.children.length > 0;
      }));
      select.value = chosen;
    });
    box.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    select.before(box);
  });
})();
