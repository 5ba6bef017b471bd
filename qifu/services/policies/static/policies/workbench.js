// While one types: problems, tree and examples at once, then reach and cost; answers that were overtaken are dropped.
(() => {
  "use strict";
  const form = document.getElementById("bench");
  if (!form || !window.policyEditor) return;
  const area = document.getElementById("policy-text");
  const checked = document.getElementById("checked");
  const figures = document.getElementById("figures");
  const progress = document.getElementById("progress");
  const PAUSE = 250;
  const SHOWN_AFTER = 300;
  let timer = 0;
  let latest = 0;
  let running = null;

  async function post(url, signal) {
    const answer = await fetch(url, { method: "POST", body: new FormData(form), signal, headers: { "HX-Request": "true" } });
    if (answer.headers.get("HX-Redirect")) { window.location.assign(answer.headers.get("HX-Redirect")); throw new DOMException("", "AbortError"); }
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.text();
  }
  function put(place, html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    place.replaceChildren(...parsed.body.childNodes);
  }
  function markProblems() {
    const items = [...checked.querySelectorAll("[data-line]")];
    window.policyEditor.mark(items.map((item) => Number(item.dataset.line)));
    items.forEach((item) => {
      const label = item.querySelector("span.problem-line");
      if (!label) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "problem-line";
      button.textContent = label.textContent;
      button.addEventListener("click", () => window.policyEditor.goTo(Number(item.dataset.line)));
      label.replaceWith(button);
    });
  }
  function show(text) {
    progress.hidden = !text;
    progress.querySelector("strong").textContent = text;
  }
  async function run() {
    const mine = ++latest;
    if (running) running.abort();
    running = new AbortController();
    const { signal } = running;
    const started = performance.now();
    const tick = window.setInterval(() => {
      const seconds = Math.floor((performance.now() - started) / 1000);
      if (mine === latest && performance.now() - started > SHOWN_AFTER) show(seconds ? `正在测算，已 ${seconds} 秒` : "正在测算");
    }, 100);
    try {
      put(checked, await post(form.dataset.check, signal));
      markProblems();
      if (checked.querySelector("[data-readable='yes']")) {
        figures.setAttribute("aria-busy", "true");
        const html = await post(form.dataset.figures, signal);
        if (mine === latest && !figures.contains(document.activeElement)) { put(figures, html); sliders(); }
      }
    } catch (error) {
      if (error.name !== "AbortError" && mine === latest) failed();
    } finally {
      window.clearInterval(tick);
      if (mine === latest) { figures.removeAttribute("aria-busy"); if (!progress.dataset.failed) show(""); }
    }
  }
  function failed() {
    progress.dataset.failed = "yes";
    show("没有取到结果，请检查网络；再改一处会重试，文本没有丢失");
  }
  area.addEventListener("input", () => {
    delete progress.dataset.failed;
    window.clearTimeout(timer);
    timer = window.setTimeout(run, PAUSE);
  });

  // Sliders are answered from the table that came with the figures.
  function sliders() {
    const source = document.getElementById("slider-data");
    if (!source) return;
    const data = JSON.parse(source.textContent);
    const cap = document.getElementById("cap-slider");
    const budget = document.getElementById("budget-slider");
    const answer = document.getElementById("slider-answer");
    figures.querySelector(".sliders").hidden = false;
    cap.max = data.caps.length - 1;
    cap.value = data.cap;
    budget.max = data.budgets.length - 1;
    budget.value = data.budgets.length - 1;
    const tell = () => {
      const step = data.caps[cap.value];
      const b = Number(budget.value);
      document.getElementById("cap-words").textContent = step.words;
      document.getElementById("budget-words").textContent = data.budgets[b];
      cap.setAttribute("aria-valuetext", step.words);
      budget.setAttribute("aria-valuetext", data.budgets[b]);
      answer.textContent = `共需${step.cost}。${step.served[b]}`;
    };
    cap.addEventListener("input", tell);
    budget.addEventListener("input", tell);
    tell();
  }

  // Conditions found in a clause.
  const proposals = document.getElementById("proposals");
  document.getElementById("propose").addEventListener("click", async (event) => {
    event.preventDefault();
    try { put(proposals, await post(form.dataset.propose)); } catch { proposals.textContent = "没有取到结果，请检查网络后重试。"; }
  });
  proposals.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=accept]");
    if (!button) return;
    event.preventDefault();
    window.policyEditor.add(button.value);
    button.disabled = true;
    button.textContent = "已写入";
  });
  document.getElementById("check").addEventListener("click", (event) => { event.preventDefault(); run(); });
  markProblems();
  sliders();
})();
