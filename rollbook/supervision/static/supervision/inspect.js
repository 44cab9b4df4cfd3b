// The inspection's form keeps its draft and its photographs in the browser, so that it can be filled in where there is no
// signal; it is sent when there is one. The number of the draft makes that sent twice is one inspection.
const form = document.querySelector("form[data-draft]");
const place = form.dataset.draft;
const note = document.querySelector("[data-draft-note]");
const signIn = document.querySelector("[data-draft-sign-in]");

const database = new Promise((resolve, reject) => {
  const request = indexedDB.open("rollbook-inspections", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("drafts");
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});
const store = async (mode, deed) => {
  const transaction = (await database).transaction("drafts", mode);
  const request = deed(transaction.objectStore("drafts"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
};

const clear = form.querySelector("[data-photo-clear]");
let photos = [];
const say = (state) => {
  note.dataset.state = state;
  note.querySelector("span").textContent = note.dataset[state];
  note.className = `alert alert-${{ waiting: "warning", out: "warning" }[state] || "success"}`;
  signIn.hidden = state !== "out";
  note.hidden = false;
};
const read = () => {
  const fields = new FormData(form);
  fields.delete("csrfmiddlewaretoken");
  fields.delete("photos");
  return fields;
};
const keep = (waiting) => store("readwrite", (drafts) => drafts.put({ fields: [...read()], photos, waiting }, place));
const show = () => {
  document.querySelector("[data-present-count]").textContent = form.querySelectorAll("[name=present]:checked").length;
  document.querySelector("[data-photo-count]").textContent = photos.length;
  clear.hidden = !photos.length;
  for (const one of form.querySelectorAll("[data-filed]")) one.hidden = one.dataset.filed !== form.elements.lesson_id.value;
};

// The kept page carries the mark of a session that may be over: the page as it is now says whether it is, and has a new one.
const fresh = async () => {
  const answer = await fetch(form.action, { cache: "no-store" });
  if (answer.redirected) return "";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return answer.ok ? page.querySelector("form[data-draft] [name=csrfmiddlewaretoken]").value : "";
};

let busy = false;
const send = async () => {
  if (busy) return;
  busy = true;
  say("sending");
  try {
    await keep(true);
    if (!navigator.onLine) throw new Error("offline");
    const token = await fresh();
    if (!token) return say("out");
    const body = read();
    for (const one of photos) body.append("photos", one, one.name);
    const headers = { "HX-Request": "true", "X-CSRFToken": token };
    const answer = await fetch(form.action, { method: "POST", body, headers });
    if (answer.ok && new URL(answer.url).pathname !== new URL(signIn.href).pathname) {
      await store("readwrite", (drafts) => drafts.delete(place));
      await forget();
      location.assign(answer.url);
    } else if (answer.ok) {
      say("out");
    } else if (answer.status === 422) {
      await keep(false);
      document.getElementById("reasons").outerHTML = await answer.text();
      note.hidden = true;
      document.getElementById("reasons").scrollIntoView();
    } else {
      throw new Error(answer.status);
    }
  } catch {
    say("waiting");
  } finally {
    busy = false;
  }
};

// The page as the phone keeps it has names on it: once sent it is kept no longer.
const forget = async () => {
  if (!("serviceWorker" in navigator)) return;
  const kept = await navigator.serviceWorker.getRegistration(form.action);
  if (kept) await kept.unregister();
  const mine = `rollbook${new URL(form.action).pathname.replaceAll("/", "-")}`;
  for (const name of await caches.keys()) if (name.startsWith(mine)) await caches.delete(name);
};

const open = async () => {
  const kept = await store("readonly", (drafts) => drafts.get(place));
  if (kept) {
    photos = kept.photos;
    for (const control of form.elements) {
      if (!control.name || control.type === "file" || control.name === "csrfmiddlewaretoken") continue;
      const values = kept.fields.filter(([name]) => name === control.name).map(([, value]) => value);
      if (control.type === "checkbox" || control.type === "radio") control.checked = values.includes(control.value);
      else if (values.length) control.value = values[0];
    }
    say("kept");
  }
  show();
  form.addEventListener("input", async () => { show(); await keep(false); say("kept"); });
  form.elements.photos.addEventListener("change", async () => {
    photos = [...photos, ...form.elements.photos.files];
    form.elements.photos.value = "";
    show();
    await keep(false);
    say("kept");
  });
  clear.addEventListener("click", async () => { photos = []; show(); await keep(false); });
  form.addEventListener("submit", (event) => { event.preventDefault(); send(); });
  window.addEventListener("online", async () => { if ((await store("readonly", (drafts) => drafts.get(place)) || {}).waiting) send(); });
  if (kept && kept.waiting && navigator.onLine) await send();
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(form.dataset.worker);
  form.dataset.ready = "true";
};
open();
