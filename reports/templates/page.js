(() => {
  "use strict";
  // A viewer's sandbox may refuse links within the page; this works in any.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const target = link && document.getElementById(link.hash.slice(1));
    if (!target) return;
    target.tabIndex = -1;
    target.scrollIntoView();
    target.focus({ preventScroll: true });
  });
  const FEW = 36;
  const groups = [...document.querySelectorAll(".flip-group")].map((group) => {
    const samples = [...group.querySelectorAll(".flip")];
    const filter = group.querySelector("fieldset");
    const chosen = filter.querySelector("select");
    const count = filter.querySelector("output");
    const more = group.querySelector("button");
    let all = false;

    const wanted = (sample) => {
      const kind = filter.querySelector("input:checked").value;
      const ofClass = chosen.value === "" || sample.dataset.label === chosen.value;
      return ofClass && (kind === "" || sample.dataset.kind === kind);
    };
    const show = () => {
      const found = samples.filter(wanted);
      const shown = new Set(all ? found : found.slice(0, FEW));
      for (const sample of samples) sample.hidden = !shown.has(sample);
      const part = shown.size < found.length ? `${shown.size} of ` : "";
      count.textContent = `${part}${found.length} ${found.length === 1 ? "sample" : "samples"}`;
      more.hidden = shown.size === found.length;
      more.textContent = `Show all ${found.length}`;
    };
    const showAll = () => { all = true; show(); };
    filter.addEventListener("change", () => { all = false; show(); });
    more.addEventListener("click", () => { showAll(); count.focus(); });
    filter.hidden = false;
    show();
    return showAll;
  });
  window.addEventListener("beforeprint", () => {
    for (const showAll of groups) showAll();
    for (const part of document.querySelectorAll("details")) part.open = true;
  });
})();
