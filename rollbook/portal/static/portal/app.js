// Check-ins with or without a signal. Each is kept in the phone's own database with its own number until the server has
// answered, and its state is shown; the same number again is the same check-in, so trying again does no harm.
const app = document.getElementById("app");
const words = app.dataset;
const box = document.getElementById("state");
const form = document.getElementById("check-in");
const list = document.getElementById("queue");
const SHOWN = 20;
let wait = 0;
let timer = null;
let busy = false;

const database = new Promise((resolve, reject) => {
  const request = indexedDB.open("rollbook", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("events", { keyPath: "event_id" });
    request.result.createObjectStore("kept", { keyPath: "name" });
  };
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

async function store(name, mode, deed) {
  const transaction = (await database).transaction(name, mode);
  const request = deed(transaction.objectStore(name));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}
const put = (name, row) => store(name, "readwrite", (where) => where.put(row));
const all = (name) => store(name, "readonly", (where) => where.getAll());
const kept = async (name) => ((await store("kept", "readonly", (where) => where.get(name))) || {}).value;

function say(key, tone) {
  box.className = `alert alert-${tone}`;
  box.textContent = words[key];
}
const connection = () => (navigator.onLine ? say("online", "success") : say("offline", "warning"));

async function draw() {
  const events = (await all("events")).sort((one, other) => other.happened_at.localeCompare(one.happened_at));
  list.replaceChildren(...events.slice(0, SHOWN).map((one) => {
    const row = document.createElement("li");
    row.className = "list-group-item";
    row.dataset.state = one.state;
    const title = document.createElement("strong");
    title.textContent = `${words[one.state]} · ${words[one.direction]} · ${new Date(one.happened_at).toLocaleTimeString()}`;
    const detail = document.createElement("div");
    detail.textContent = [one.subject, one.reason].filter(Boolean).join(" · ");
    row.append(title, detail);
    return row;
  }));
}

async function choices() {
  const lessons = ((await kept("lessons")) || []).filter((one) => new Date(one.ends_at) > Date.now() - 1800e3);
  const select = form.elements.lesson;
  const chosen = select.value;
  select.replaceChildren(...lessons.map((one) => {
    const when = new Date(one.starts_at).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
    return new Option(`${when} ${one.subject} · ${one.room}`, one.id);
  }));
  if (!lessons.length) select.append(new Option(words.none, ""));
  if (chosen) select.value = chosen;
}

// The next lessons and the ticket: taken whenever there is a signal, used when there is none.
async function refresh() {
  const answer = await fetch(words.data, { headers: { Accept: "application/json" } });
  if (!answer.ok || answer.redirected) return;
  const found = await answer.json();
  await put("kept", { name: "lessons", value: found.lessons });
  await put("kept", { name: "ticket", value: found.ticket });
  await choices();
}

async function send(event) {
  const { lesson_id, subject, state, reason, ...body } = event;
  return fetch(words.send.replace("/0/", `/${lesson_id}/`), {
    method: "POST",
    credentials: "omit",
    headers: {
      "Content-Type": "application/json",
      "Accept-Language": document.documentElement.lang,
      Authorization: `Bearer ${await kept("ticket")}`,
    },
    body: JSON.stringify(body),
  });
}

function again(seconds) {
  wait = Math.min(wait ? wait * 2 : 2, 60);
  clearTimeout(timer);
  timer = setTimeout(sendAll, 1000 * Math.max(seconds, wait * (0.5 + Math.random() / 2)));
}

async function sendAll() {
  if (busy) return;
  busy = true;
  try {
    for (const event of await all("events")) {
      if (event.state !== "queued" && event.state !== "sent") continue;
      await put("events", { ...event, state: "sent" });
      await draw();
      const answer = await send(event);
      if (answer.status === 401) {
        await put("events", { ...event, state: "queued" });
        say("expired", "warning");
        break;
      }
      if (answer.status === 429 || answer.status >= 500) {
        await put("events", { ...event, state: "queued" });
        say("busy", "warning");
        again(Number(answer.headers.get("Retry-After")) || 0);
        break;
      }
      const said = await answer.json().catch(() => ({}));
      const reason = answer.ok ? "" : (said.reasons || [{ text: said.detail || answer.status }]).map((one) => one.text).join(" ");
      await put("events", { ...event, state: answer.ok ? "acknowledged" : "refused", reason });
      wait = 0;
      connection();
    }
  } catch {
    say("offline", "warning");
    for (const event of await all("events")) if (event.state === "sent") await put("events", { ...event, state: "queued" });
    again(0);
  } finally {
    busy = false;
    await draw();
  }
}

const position = () => new Promise((resolve) => {
  if (!form.elements.position.checked || !navigator.geolocation) return resolve(null);
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, system: "wgs84", accuracy: Math.round(coords.accuracy) }),
    () => resolve(null),
    { enableHighAccuracy: true, timeout: 8000, maximumAge: 10000 },
  );
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const direction = event.submitter ? event.submitter.value : "in";
  const chosen = form.elements.lesson.selectedOptions[0];
  const row = {
    event_id: crypto.randomUUID ? crypto.randomUUID() : "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16)),
    lesson_id: Number(form.elements.lesson.value),
    subject: chosen ? chosen.textContent : "",
    code: form.elements.code.value,
    direction,
    happened_at: new Date().toISOString(),
    position: await position(),
    state: "queued",
    reason: "",
  };
  await put("events", row);
  form.elements.code.value = "";
  await draw();
  connection();
  sendAll();
});

window.addEventListener("offline", connection);
window.addEventListener("online", () => { wait = 0; connection(); refresh().catch(() => null).then(sendAll); });
connection();
choices().then(draw).then(() => refresh().catch(() => null)).then(sendAll);
if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
if ("serviceWorker" in navigator) navigator.serviceWorker.register(words.worker);
