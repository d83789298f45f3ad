// A small comfort of the admin; every page works without it.
// The sentence above a program's form follows what is typed: the server says it, this only asks.
(function () {
  "use strict";

  const PAUSE = 300;

  function follow(panel) {
    const form = document.querySelector("#content-main form[method=post][id$=_form]");
    const text = panel.querySelector("[data-effect-text]");
    const wait = panel.querySelector("[data-effect-wait]");
    if (!form || !form.querySelector("input:not([type=hidden]), select, textarea")) return;
    let timer = null;
    let asked = 0;

    // What is typed in the form, and beside the sentences: whose figures they are told with.
    function filled() {
      const data = new FormData(form);
      panel.querySelectorAll("[data-effect-with]").forEach((input) => data.set(input.name, input.value));
      return data;
    }

    async function ask() {
      const mine = ++asked;
      const answer = await fetch(panel.dataset.effect, {
        method: "POST",
        body: filled(),
        headers: { Accept: "application/json" },
      }).catch(() => null);
      if (mine !== asked || !answer || !answer.ok) return;
      const { sentences = [], html = "" } = await answer.json();
      if (html) text.innerHTML = html;
      const isWhole = html !== "" || sentences.length > 0;
      wait.hidden = isWhole;
      panel.classList.toggle("regulars-waiting", !isWhole);
      if (!sentences.length) return;
      text.replaceChildren(
        ...sentences.map((sentence) => {
          const line = document.createElement("p");
          line.textContent = sentence;
          return line;
        }),
      );
    }

    function soon() {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    }

    panel.addEventListener("input", soon);
    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-effect]").forEach(follow));
})();
