// The inspection's form keeps its draft in the browser, so that it can be filled in where there is no signal; it is sent
// when there is one. The number of the draft makes that sent twice is one inspection.
const form = document.querySelector("form[data-draft]");
if (form) {
  const place = `inspection-${form.dataset.draft}`;
  const note = document.querySelector("[data-draft-note]");
  const say = (state) => { note.dataset.state = state; note.textContent = note.dataset[state]; note.hidden = false; };
  const read = () => [...new FormData(form).entries()].filter(([name]) => name !== "csrfmiddlewaretoken");
  const keep = () => { localStorage.setItem(place, JSON.stringify({ fields: read(), waiting: false })); say("kept"); };
  const kept = JSON.parse(localStorage.getItem(place) || "null");
  if (kept) {
    for (const control of form.elements) {
      if (!control.name || control.name === "csrfmiddlewaretoken") continue;
      const values = kept.fields.filter(([name]) => name === control.name).map(([, value]) => value);
      if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
      else if (values.length) control.value = values[0];
    }
    say("kept");
  }
  const count = () => {
    const here = form.querySelectorAll("[name=present]:checked").length;
    const shown = document.querySelector("[data-present-count]");
    if (shown) shown.textContent = here;
  };
  form.addEventListener("input", () => { keep(); count(); });
  count();
  const send = async () => {
    say("sending");
    try {
      const answer = await fetch(form.action || location.href, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
      if (answer.ok) {
        localStorage.removeItem(place);
        location.assign(answer.url);
      } else if (answer.status === 422) {
        localStorage.setItem(place, JSON.stringify({ fields: read(), waiting: false }));
        document.getElementById("reasons").outerHTML = await answer.text();
        note.hidden = true;
        document.getElementById("reasons").scrollIntoView();
      } else {
        throw new Error(answer.status);
      }
    } catch {
      localStorage.setItem(place, JSON.stringify({ fields: read(), waiting: true }));
      say("waiting");
    }
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  window.addEventListener("online", () => { if (JSON.parse(localStorage.getItem(place) || "{}").waiting) send(); });
  if (kept && kept.waiting && navigator.onLine) send();
}
