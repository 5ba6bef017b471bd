// Helps over the intake forms, which work without them: a draft that survives, a count of characters, one submit, Ctrl+Enter.
(() => {
  "use strict";
  const form = document.querySelector("form[data-intake]");
  const sent = document.querySelector("[data-sent]");
  const storage = (() => { try { return window.sessionStorage; } catch { return null; } })();
  if (sent && storage) storage.removeItem(sent.dataset.sent);
  if (!form) return;

  const words = form.querySelector("textarea[name=words]");
  const place = form.querySelector("select[name=place]");
  const phone = form.querySelector("[name=contact_mobile]");

  // The draft holds what happened and where, never the telephone; it goes when the tab is closed or the receipt is shown.
  const name = form.dataset.draft;
  if (name && storage) {
    const kept = JSON.parse(storage.getItem(name) || "{}");
    if (kept.words && !words.value) words.value = kept.words;
    if (kept.place && place && !place.value) place.value = kept.place;
    form.addEventListener("input", () => {
      storage.setItem(name, JSON.stringify({ words: words.value, place: place ? place.value : "" }));
    });
  }

  const most = Number(words.dataset.most);
  const counter = document.createElement("span");
  counter.className = "counter";
  words.after(counter);
  const count = () => {
    const length = [...words.value].length;
    counter.textContent = `${length.toLocaleString()} / ${most.toLocaleString()} 字`;
    counter.classList.toggle("over", length > most);
  };
  words.addEventListener("input", count);
  count();

  // Sent once: a second click while the first is under way does nothing. Coming back by the browser's back button frees it.
  const button = form.querySelector("button.btn-primary");
  let going = false;
  form.addEventListener("submit", (event) => {
    if (going) { event.preventDefault(); return; }
    const digits = phone ? phone.value.normalize("NFKC").replace(/\D/g, "") : "";
    if (phone && phone.value.trim() && (digits.length < 7 || digits.length > 20)) {
      event.preventDefault();  // before the chosen files are lost
      phone.setCustomValidity(form.dataset.phoneHelp || "请核对电话号码");
      phone.reportValidity();
      return;
    }
    going = true;
    button.setAttribute("aria-disabled", "true");
  });
  if (phone) phone.addEventListener("input", () => phone.setCustomValidity(""));
  window.addEventListener("pageshow", () => { going = false; button.removeAttribute("aria-disabled"); });

  if (form.hasAttribute("data-submits")) {
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit(button);
      }
    });
  }
})();
