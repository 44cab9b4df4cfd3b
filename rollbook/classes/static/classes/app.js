// A teacher's lessons of today with or without a signal: the roll, and the teacher's own coming and going.
const app = document.getElementById("app");
const form = document.getElementById("roll");
const people = document.getElementById("people");
const select = form.elements.lesson;

const lessons = async () => (await outbox.kept("lessons")) || [];
const chosen = async () => (await lessons()).find((one) => one.id === Number(select.value));
const time = (moment) => new Date(moment).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "Asia/Shanghai" });

async function choices() {
  const found = await lessons();
  const before = select.value;
  select.replaceChildren(...found.map((one) => new Option(`${time(one.starts_at)}–${time(one.ends_at)} ${one.subject} · ${one.room}`, one.id)));
  if (!found.length) select.append(new Option(outbox.words.none, ""));
  if (found.some((one) => String(one.id) === before)) select.value = before;
  await show();
}

function stands(one) {
  if (one.waits) return outbox.words.waits;
  if (one.out_at) return `${time(one.in_at)} – ${time(one.out_at)}`;
  return one.in_at ? `${outbox.words.in} ${time(one.in_at)}` : "";
}

async function show() {
  const lesson = await chosen();
  const ticked = new Set([...people.querySelectorAll("input:checked")].map((one) => one.value));
  people.replaceChildren(...(lesson ? lesson.people : []).map((one) => {
    const row = document.createElement("li");
    row.className = "list-group-item";
    const label = document.createElement("label");
    label.className = "form-check mb-0";
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", value: one.id, className: "form-check-input" });
    tick.checked = ticked.has(String(one.id));
    const name = Object.assign(document.createElement("span"), { className: "form-check-label", textContent: one.name });
    const state = Object.assign(document.createElement("small"), { className: "text-secondary ms-2", textContent: stands(one) });
    label.append(tick, name, state);
    row.append(label);
    return row;
  }));
  document.getElementById("own").hidden = !lesson || !lesson.is_mine;
  document.getElementById("taught").textContent = lesson && lesson.taught_in ? `${time(lesson.taught_in)} – ${lesson.taught_out ? time(lesson.taught_out) : ""}` : "";
  document.getElementById("confirms").hidden = !lesson || !lesson.confirms;
  const door = document.getElementById("door");
  door.hidden = !lesson;
  if (lesson) door.href = outbox.words.lesson.replace("/0/", `/${lesson.id}/`);
}

async function post(event) {
  const { lesson_id, kind, event_id, direction, enrolment_ids } = event;
  const body = { direction, ...(await outbox.times(event)), ...(kind === "roll" ? { event_id, enrolment_ids } : {}) };
  return fetch(outbox.words[kind].replace("/0/", `/${lesson_id}/`), {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": await outbox.kept("csrf") },
    body: JSON.stringify(body),
  });
}

const outbox = new Outbox(app, {
  database: "rollbook-teaching",
  async send(event) {
    const answer = await post(event);
    if (answer.status !== 403) return answer;
    await outbox.refresh(); // whoever signed in anew has another token
    return event.account === await outbox.kept("account") ? post(event) : new Response("{}", { status: 401 });
  },
  async taken(found) {
    await outbox.keep("lessons", found.lessons);
    await outbox.keep("csrf", found.csrf);
    await outbox.keep("account", found.account);
    await choices();
  },
  answered: (said) => (said.waits ? outbox.words.waits : ""),
});

async function add(kind, direction, enrolment_ids) {
  const lesson = await chosen();
  if (!lesson) return;
  const title = kind === "roll" ? `${outbox.words[direction]}: ${enrolment_ids.length}` : outbox.words[`own-${direction}`] || outbox.words[direction];
  await outbox.add({ kind, direction, lesson_id: lesson.id, subject: lesson.subject, title, enrolment_ids, account: await outbox.kept("account") });
  for (const one of people.querySelectorAll("input:checked")) one.checked = false;
  outbox.refresh().catch(() => null);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const ids = [...people.querySelectorAll("input:checked")].map((one) => Number(one.value));
  if (ids.length) await add("roll", event.submitter ? event.submitter.value : "in", ids);
  else outbox.say("nobody", "warning");
});
document.getElementById("own").addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button) await add("teacher", button.value);
});
document.getElementById("all").addEventListener("click", () => {
  for (const one of people.querySelectorAll("input")) one.checked = true;
});
select.addEventListener("change", show);

outbox.open(choices);
