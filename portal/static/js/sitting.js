/* The page of whoever sits with somebody: it works without this file, and with it outlasts a network that is gone.
   Nothing of it is ever kept in the browser's storage.

   form[data-sit]       is sent in the background: what was not saved stays in it, and [data-unsaved] says so; where it is
                        that they need help, [data-unsaved-help] does, below whom to call
   [data-until]         minutes until a moment; data-left and data-over are its words, with # for the number, data-reached
                        those of the moment itself. No sound and no alarm: it is a clock
   [data-written]       when the button of a note was pressed first: the server keeps that time for a note that it gets later

   The clock begins when somebody else says that the session has, so the page asks for it while it is shown. */
(() => {
  "use strict";
  const MINUTE = 60000;
  const QUIETEST = 15; // minutes between two questions to a server that does not answer
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

  let shown = 0; // how often the page was drawn anew: an answer from before must not draw over it

  function show(page, form, before) {
    shown += 1;
    const main = document.getElementById("main");
    main.replaceChildren(...document.importNode(page.getElementById("main"), true).childNodes);
    if (form) carryOver(form, before);
    setClock();
    count();
    document.querySelector("#needs-help, #errors, #asked, #saved")?.focus();
    if (document.getElementById("needs-help")) document.getElementById("call-now").scrollIntoView();
  }

  // The same words of a part are the same note, however often they are sent, until they are saved. A check without words
  // that is pressed again some minutes later says how they are by then.
  const pressed = new Map();
  const LOOKED_ANEW = 5 * MINUTE;

  function sayWhen(form, submitter) {
    const part = submitter?.closest("details") ?? null;
    const said = written(form).filter((one) => one.closest("details") === part);
    const words = JSON.stringify(said.map((one) => [keyOf(one), valueOf(one)]));
    const [before, at] = [pressed.get(submitter?.value), Math.round(Date.now() + ahead)];
    const isCheckAlone = submitter?.value === "check" && !form.querySelector("[name=note]").value.trim();
    const isAnew = before?.words !== words || (isCheckAlone && at - before.at >= LOOKED_ANEW);
    if (isAnew) pressed.set(submitter?.value, { words, at });
    form.querySelector("[data-written]").value = pressed.get(submitter?.value).at;
  }

  // 200 is the page after a save, 409, 410 and 422 say why nothing was saved. Anything else, also from whoever stands in
  // between, must not replace the page while there are words on it.
  async function send(form, submitter) {
    const before = new Map(written(form).map((one) => [keyOf(one), valueOf(one)]));
    const body = new URLSearchParams(new FormData(form, submitter));
    const answer = await fetch(form.action, { method: "POST", body, signal: AbortSignal.timeout(SILENCE) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (![200, 409, 410, 422].includes(answer.status) || !page.getElementById("call-now")) throw new Error("not saved");
    if (answer.status === 200) pressed.delete(submitter?.value);
    show(page, form, before);
  }

  const needsHelp = (form, submitter) => submitter?.value === "check" && form.querySelector("[name=status][value=help]").checked;

  function sayUnsaved(form, submitter) {
    const help = needsHelp(form, submitter);
    const line = form.querySelector(help ? "[data-unsaved-help]" : "[data-unsaved]");
    line.hidden = false;
    line.focus();
    if (help) document.getElementById("call-now").scrollIntoView();
  }

  const sending = new WeakSet();
  document.addEventListener("submit", async (event) => {
    const { target, submitter } = event;
    if (!target.matches("form[data-sit]")) return;
    event.preventDefault();
    if (sending.has(target)) return;
    sending.add(target);
    sayWhen(target, submitter);
    for (const line of target.querySelectorAll("[data-unsaved], [data-unsaved-help]")) line.hidden = true;
    try {
      await send(target, submitter);
    } catch {
      sayUnsaved(target, submitter);
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

  const isEmpty = (form) => written(form).every((one) => (one.type === "radio" ? one.checked === one.defaultChecked : !one.value));

  // Only the clock and the times are drawn anew: nothing moves under a hand, and no word goes.
  async function ask() {
    const before = shown;
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" }, signal: AbortSignal.timeout(SILENCE) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (before !== shown || !page.getElementById("call-now")) return;
    const form = document.querySelector("form[data-sit]");
    if (answer.status === 410) {
      document.querySelector("section[aria-labelledby=their-words]")?.remove();
      if (!form || isEmpty(form)) show(page);
    }
    if (answer.status !== 200) return;
    for (const id of ["clock", "sit-times"]) document.getElementById(id)?.replaceWith(document.importNode(page.getElementById(id), true));
    setClock();
    count();
  }

  let wait = 1; // minutes until it is asked again: longer after each answer that did not come
  let asked = Date.now();

  async function askInTime() {
    if (!document.getElementById("clock")) return; // it has ended
    if (document.hidden || !navigator.onLine || Date.now() - asked < wait * MINUTE) return;
    asked = Date.now();
    try {
      await ask();
      wait = 1;
    } catch {
      wait = Math.min(2 * wait, QUIETEST);
    }
  }

  function look() {
    count();
    askInTime();
  }

  setClock();
  count();
  setInterval(look, 5000);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) asked = 0;
    look();
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) asked = 0;
    look();
  });
})();
