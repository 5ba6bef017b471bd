// The text of a policy in a plain text area: line numbers that show problems, and a list of what may follow, chosen by keys.
// It leaves the text area's own behaviour alone: input methods, undo, screen readers and Tab work as everywhere.
(() => {
  "use strict";
  const area = document.getElementById("policy-text");
  if (!area) return;
  const gutter = document.querySelector(".editor .gutter");
  const box = document.querySelector(".offers");
  const list = document.getElementById("offers");
  const words = JSON.parse(document.getElementById("completions").textContent);
  const MOST = 12;
  let bad = new Set();
  let offers = [];
  let chosen = -1;
  document.querySelectorAll(".with-scripts").forEach((node) => { node.hidden = false; });
  box.hidden = false; // keeps its place, so that nothing moves under the pointer when it empties
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", "offers");

  function number() {
    const count = area.value.split("\n").length;
    gutter.replaceChildren(...Array.from({ length: count }, (_, i) => {
      const line = document.createElement("span");
      line.textContent = `${i + 1}`;
      if (bad.has(i + 1)) line.className = "bad";
      return line;
    }).flatMap((line) => [line, document.createTextNode("\n")]));
    gutter.scrollTop = area.scrollTop;
  }
  area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });

  // What stands before the cursor in its line, without the indent and the mark of a list.
  function before() {
    const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
    return area.value.slice(start, area.selectionStart);
  }
  const FIELD = /^\s*(?:- )?[a-z_]*$/;
  function wanted(line) {
    if (FIELD.test(line)) {
      const typed = line.trim().replace(/^- /, "");
      return typed ? words.keywords.filter((word) => word.startsWith(typed)).map((word) => ({ word: `${word} `, typed })) : [];
    }
    const found = [];
    const take = (known, fits) => {
      for (let length = Math.min(14, line.length); length > 0; length -= 1) {
        const typed = line.slice(-length);
        if (/[\s,\[\]{}]/.test(typed[0])) continue;
        known.forEach((word) => { if (word !== typed && fits(word, typed)) found.push({ word, typed }); });
        if (found.length) break;
      }
    };
    const starts = (word, typed) => word.startsWith(typed) && (typed.length > 1 || /[^\x00-\x7f]/.test(typed));
    const fact = words.facts.find((label) => line.trimEnd().endsWith(label) && line.endsWith(" "));
    if (fact) {
      const own = words.lines.filter((one) => one.startsWith(`${fact} `)).map((one) => one.slice(fact.length + 1));
      [...own, ...words.operators].forEach((word) => found.push({ word, typed: "" }));
      return found;
    }
    if (/(属于|位于|、) ?[^ ]*$/.test(line)) take(words.places, starts);
    if (!found.length) take(words.facts, starts);
    if (!found.length) take(words.facts, (word, typed) => typed.length > 1 && word.includes(typed));
    if (!found.length) take([...words.values, ...words.operators, ...words.places], starts);
    return found;
  }

  function offer() {
    const line = before();
    const seen = new Set();
    offers = (area.selectionStart === area.selectionEnd ? wanted(line) : [])
      .filter((one) => !seen.has(one.word) && seen.add(one.word)).slice(0, MOST);
    chosen = -1;
    list.replaceChildren(...offers.map((one, i) => {
      const item = document.createElement("li");
      item.id = `offer-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      item.textContent = one.word;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); accept(i); });
      return item;
    }));
    box.classList.toggle("is-empty", offers.length === 0);
    area.removeAttribute("aria-activedescendant");
  }
  function close() {
    offers = [];
    list.replaceChildren();
    box.classList.add("is-empty");
    choose(-1);
  }
  function choose(i) {
    chosen = i;
    [...list.children].forEach((item, n) => item.setAttribute("aria-selected", n === i ? "true" : "false"));
    if (i >= 0) area.setAttribute("aria-activedescendant", `offer-${i}`);
    else area.removeAttribute("aria-activedescendant");
  }
  function write(from, to, text) {
    area.focus();
    area.setSelectionRange(from, to);
    // execCommand keeps the text area's own undo; where a browser lacks it, the text is set and undo is lost.
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, from, to, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  function accept(i) {
    const one = offers[i];
    write(area.selectionStart - one.typed.length, area.selectionStart, one.word);
  }
  area.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!offers.length) {
      if (event.key === "Enter") indent(event);
      return;
    }
    if (event.key === "ArrowDown") { event.preventDefault(); choose(Math.min(offers.length - 1, chosen + 1)); }
    else if (event.key === "ArrowUp" && chosen >= 0) { event.preventDefault(); choose(chosen - 1); }
    else if (event.key === "Enter" && chosen >= 0) { event.preventDefault(); accept(chosen); }
    else if (event.key === "Enter") indent(event);
    else if (event.key === "Escape") { event.preventDefault(); close(); }
  });
  // A new line keeps the indent, and goes on with the list where the last item was not empty.
  function indent(event) {
    if (event.shiftKey) return;
    const found = /^(\s*)(- )?(.*)$/.exec(before());
    if (!found[1] && !found[2]) return;
    event.preventDefault();
    write(area.selectionStart, area.selectionEnd, `\n${found[1]}${found[2] && found[3] && !found[3].endsWith(":") ? "- " : ""}`);
  }
  area.addEventListener("input", (event) => { number(); if (!event.isComposing) offer(); });
  area.addEventListener("compositionend", offer);
  area.addEventListener("blur", close);

  window.policyEditor = {
    // Lines (from 1) that have problems.
    mark(lines) { bad = new Set(lines); number(); },
    goTo(line) {
      const rows = area.value.split("\n");
      const start = rows.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(start, start + (rows[line - 1] || "").length);
      area.scrollTop = Math.max(0, (line - 6) * (area.scrollHeight / rows.length));
    },
    // A line of a proposal goes below the cursor's line where that is in a list, else to the end of the first list.
    add(text) {
      const shown = /[,\[\]{}#:]/.test(text) ? `"${text}"` : text;
      const rows = area.value.split("\n");
      let at = area.value.slice(0, area.selectionStart).split("\n").length - 1;
      if (area.selectionStart === 0 || !/^\s*- (?!effective_from)/.test(rows[at])) {
        at = rows.findIndex((row) => /^\s*all:\s*(#.*)?$/.test(row));
        if (at < 0) at = rows.length - 1;
        else {
          const depth = /^\s*/.exec(rows[at + 1] || "    ")[0].length;
          while (at + 1 < rows.length && (rows[at + 1].startsWith(`${" ".repeat(depth)}- `) || /^\s*/.exec(rows[at + 1])[0].length > depth)) at += 1;
        }
      }
      const lead = /^(\s*)(- )?/.exec(rows[at]);
      const end = rows.slice(0, at + 1).join("\n").length;
      write(end, end, `\n${lead[2] ? lead[1] : "    "}- ${shown}`);
    },
  };
  close();
  number();
})();
