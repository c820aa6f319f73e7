/* The page of whoever sits with somebody: it works without this file, and with it outlasts a network that is gone.
   Nothing of it is ever kept in the browser's storage.

   form[data-sit]       is sent in the background: what was not saved stays in it, and [data-unsaved] says so
   [data-until]         minutes until a moment; data-left and data-over are its words, with # for the number, data-reached
                        those of the moment itself. No sound and no alarm: it is a clock. */
(() => {
  "use strict";
  const MINUTE = 60000;
  const SILENCE = 20000; // milliseconds for a network that is there and says nothing
  let ahead = 0; // milliseconds by which the server's clock is ahead of this device's

  function setClock() {
    const clock = document.querySelector("[data-now]");
    if (clock) ahead = Number(clock.dataset.now) - Date.now();
  }

  function count() {
    for (const one of document.querySelectorAll("[data-until]")) {
      const { until, left, over, reached } = one.dataset;
      const minutes = Math.ceil((Number(until) - Date.now() - ahead) / MINUTE);
      const words = minutes > 0 ? left.replace("#", minutes) : minutes < 0 ? over.replace("#", -minutes) : reached;
      if (one.textContent !== words) one.textContent = words;
    }
  }

  const valueOf = (control) => (control.matches("[type=radio], [type=checkbox]") ? control.checked : control.value);
  const written = (form) => [...form.elements].filter((one) => one.name && !one.matches("button, [type=hidden]"));
  const keyOf = ({ name, value, type }) => (type === "radio" ? `${name}=${value}` : name);

  // What was typed while the answer was on its way goes into the new form.
  function carryOver(form, before) {
    for (const control of written(form)) {
      const key = keyOf(control);
      if (!before.has(key) || before.get(key) === valueOf(control)) continue;
      const anew = written(document.querySelector("form[data-sit]") ?? form).find((one) => keyOf(one) === key);
      if (!anew || anew === control) continue;
      if (control.type === "radio") anew.checked = control.checked;
      else anew.value = control.value;
      anew.closest("details")?.setAttribute("open", "");
    }
  }

  function show(page, form, before) {
    const main = document.getElementById("main");
    main.replaceChildren(...document.importNode(page.getElementById("main"), true).childNodes);
    carryOver(form, before);
    setClock();
    count();
    document.querySelector("#needs-help, #errors, #asked, #saved")?.focus();
    if (document.getElementById("needs-help")) document.getElementById("call-now").scrollIntoView();
  }

  // 200 is the page after a save, 409, 410 and 422 say why nothing was saved. Anything else, also from whoever stands in
  // between, must not replace the page while there are words on it.
  async function send(form, submitter) {
    const before = new Map(written(form).map((one) => [keyOf(one), valueOf(one)]));
    const body = new URLSearchParams(new FormData(form, submitter));
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(SILENCE) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (![200, 409, 410, 422].includes(answer.status) || !page.getElementById("call-now")) throw new Error("not saved");
    show(page, form, before);
  }

  const sending = new WeakSet();
  document.addEventListener("submit", async (event) => {
    const { target, submitter } = event;
    if (!target.matches("form[data-sit]")) return;
    event.preventDefault();
    if (sending.has(target)) return;
    sending.add(target);
    const line = target.querySelector("[data-unsaved]");
    line.hidden = true;
    try {
      await send(target, submitter);
    } catch {
      line.hidden = false;
      line.focus();
    } finally {
      sending.delete(target);
    }
  });

  // Enter in a field belongs to the button of its own part, not to the first one of the form.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("form[data-sit] details input")) return;
    event.preventDefault();
    event.target.closest("details").querySelector("[type=submit]").click();
  });

  setClock();
  count();
  setInterval(count, 5000);
  document.addEventListener("visibilitychange", count);
})();
