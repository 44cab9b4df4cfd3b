// Check-ins over a bad signal: each is kept on the phone with its own number until the server
// has answered. The same number again is the same check-in, so trying again does no harm.
// Without this file the form is sent as any form.
const KEPT = "check-ins";
const form = document.querySelector("form[data-check-in]");
const box = document.querySelector("[data-check-in-state]");

const kept = () => JSON.parse(localStorage.getItem(KEPT) || "[]");
const keep = (events) => localStorage.setItem(KEPT, JSON.stringify(events));

function show(key, tone, detail = "") {
  box.className = `alert alert-${tone}`;
  box.textContent = [box.dataset[key], detail].filter(Boolean).join(" ");
}

async function send({ url, ...event }) {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("input[name=csrfmiddlewaretoken]").value,
    },
    body: JSON.stringify({ ...event, sent_at: new Date().toISOString() }),
  });
  if (response.status >= 500) throw new Error("try again");
  const answer = await response.json().catch(() => ({}));
  return { ok: response.ok, answer };
}

let busy = false;
async function sendAll() {
  if (busy || !box) return;
  busy = true;
  try {
    while (kept().length) {
      const [first, ...rest] = kept();
      const { ok, answer } = await send(first);
      keep(rest);
      if (ok) {
        const at = first.direction === "out" ? answer.out_at : answer.in_at;
        show("done", "success", at ? new Date(at).toLocaleTimeString("sv", { timeZone: "Asia/Shanghai" }) : "");
      } else {
        show("refused", "danger", (answer.reasons || []).map((reason) => reason.text).join(" "));
      }
    }
  } catch {
    show("waiting", "warning");
    setTimeout(sendAll, 3000);
  } finally {
    busy = false;
  }
}

if (form && box) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const row = {
      url: form.dataset.checkIn,
      event_id: phone.random(),
      code: form.elements.code.value.trim(),
      direction: event.submitter ? event.submitter.value : "in",
      happened_at: new Date().toISOString(),
    };
    keep([...kept(), { ...row, ...(await phone.next()) }]);
    show("sending", "warning");
    sendAll();
  });
  const offline = () => { if (!navigator.onLine) show("offline", "warning"); };
  window.addEventListener("offline", offline);
  window.addEventListener("online", sendAll);
  offline();
  sendAll();
}
