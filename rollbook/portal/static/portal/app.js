// Check-ins of a trainee with or without a signal: with the code of the lesson, and the position where it is wanted.
const app = document.getElementById("app");
const form = document.getElementById("check-in");

async function choices() {
  const now = await outbox.now();
  const lessons = ((await outbox.kept("lessons")) || []).filter((one) => new Date(one.ends_at) > now - 1800e3);
  const select = form.elements.lesson;
  const chosen = select.value;
  select.replaceChildren(...lessons.map((one) => {
    const when = new Date(one.starts_at).toLocaleString("sv", { dateStyle: "short", timeStyle: "short", timeZone: "Asia/Shanghai" }).slice(5); // 11-25 20:30
    return new Option(`${when} ${one.subject} · ${one.room}`, one.id);
  }));
  if (!lessons.length) select.append(new Option(outbox.words.none, ""));
  if (chosen) select.value = chosen;
  await show();
}

// Where the region takes the position for a proof, the digits may be left out.
async function show() {
  const lesson = ((await outbox.kept("lessons")) || []).find((one) => one.id === Number(form.elements.lesson.value));
  const enough = Boolean(lesson && lesson.by_position);
  form.elements.code.required = !enough;
  document.getElementById("by-position").hidden = !enough;
}

const outbox = new Outbox(app, {
  database: "rollbook",
  async send({ lesson_id, subject, state, reason, offset, ...body }) {
    Object.assign(body, await outbox.times({ ...body, offset }));
    return fetch(outbox.words.send.replace("/0/", `/${lesson_id}/`), {
      method: "POST",
      credentials: "omit",
      headers: {
        "Content-Type": "application/json",
        "Accept-Language": document.documentElement.lang,
        Authorization: `Bearer ${await outbox.kept("ticket")}`,
      },
      body: JSON.stringify(body),
    });
  },
  async taken(found) {
    await outbox.keep("lessons", found.lessons);
    await outbox.keep("ticket", found.ticket);
    await choices();
  },
});

const position = (needed) => new Promise((resolve) => {
  if (!(needed || form.elements.position.checked) || !navigator.geolocation) return resolve(null);
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude, system: "wgs84", accuracy: Math.round(coords.accuracy) }),
    () => resolve(null),
    { enableHighAccuracy: true, timeout: 8000, maximumAge: 10000 },
  );
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const chosen = form.elements.lesson.selectedOptions[0];
  const happened_at = new Date().toISOString();
  const code = form.elements.code.value;
  const here = await position(!code);
  if (!code && !here) return outbox.say("noPosition", "warning");
  form.elements.code.value = "";
  return outbox.add({
    lesson_id: Number(form.elements.lesson.value),
    subject: chosen ? chosen.textContent : "",
    code,
    direction: event.submitter ? event.submitter.value : "in",
    happened_at,
    position: here,
    ...(await phone.next()),
  });
});

form.elements.lesson.addEventListener("change", show);
outbox.open(choices);
