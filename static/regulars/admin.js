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

    async function ask() {
      const mine = ++asked;
      const answer = await fetch(panel.dataset.effect, {
        method: "POST",
        body: new FormData(form),
        headers: { Accept: "application/json" },
      }).catch(() => null);
      if (mine !== asked || !answer || !answer.ok) return;
      const { sentences } = await answer.json();
      wait.hidden = sentences.length > 0;
      panel.classList.toggle("regulars-waiting", sentences.length === 0);
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

    form.addEventListener("input", soon);
    form.addEventListener("change", soon);
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("[data-effect]").forEach(follow));
})();
