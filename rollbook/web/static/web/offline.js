// What an app on a phone shares, with or without a signal: each deed is kept in the phone's own database with its own
// number until the server has answered, and its state is shown; the same number again is the same deed, so trying again
// does no harm. `send` gives the server's answer to one deed, `taken` keeps what the server says of lessons and people.
const SHOWN = 20;

class Outbox {
  constructor(app, { database, send, taken, answered }) {
    this.words = app.dataset;
    this.box = document.getElementById("state");
    this.list = document.getElementById("queue");
    Object.assign(this, { post: send, taken, answered: answered || (() => ""), wait: 0, timer: null, busy: false });
    this.database = new Promise((resolve, reject) => {
      const request = indexedDB.open(database, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("events", { keyPath: "event_id" });
        request.result.createObjectStore("kept", { keyPath: "name" });
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    window.addEventListener("offline", () => this.connection());
    window.addEventListener("online", () => { this.wait = 0; this.connection(); this.refresh().catch(() => null).then(() => this.sendAll()); });
  }

  async store(name, mode, deed) {
    const transaction = (await this.database).transaction(name, mode);
    const request = deed(transaction.objectStore(name));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
  put(name, row) { return this.store(name, "readwrite", (where) => where.put(row)); }
  all(name) { return this.store(name, "readonly", (where) => where.getAll()); }
  keep(name, value) { return this.put("kept", { name, value }); }
  async kept(name) { return ((await this.store("kept", "readonly", (where) => where.get(name))) || {}).value; }

  say(key, tone) {
    this.box.className = `alert alert-${tone}`;
    this.box.textContent = this.words[key];
  }
  connection() { if (navigator.onLine) this.say("online", "success"); else this.say("offline", "warning"); }

  async draw() {
    const events = (await this.all("events")).sort((one, other) => other.happened_at.localeCompare(one.happened_at));
    this.list.replaceChildren(...events.slice(0, SHOWN).map((one) => {
      const row = document.createElement("li");
      row.className = "list-group-item";
      row.dataset.state = one.state;
      const title = document.createElement("strong");
      title.textContent = `${this.words[one.state]} · ${one.title || this.words[one.direction]} · ${new Date(Date.parse(one.happened_at) + (one.offset || 0)).toLocaleTimeString(document.documentElement.lang, { hourCycle: "h23", timeZone: "Asia/Shanghai" })}`;
      const detail = document.createElement("div");
      detail.textContent = [one.subject, one.reason].filter(Boolean).join(" · ");
      row.append(title, detail);
      return row;
    }));
    if (!events.length) {
      const none = document.createElement("li");
      none.className = "list-group-item text-secondary";
      none.textContent = this.words.nothing;
      this.list.append(none);
    }
  }

  // What the phone keeps for when there is no signal: taken whenever there is one.
  async refresh() {
    const asked = Date.now();
    const answer = await fetch(this.words.data, { headers: { Accept: "application/json" } });
    const heard = Date.now();
    if (!answer.ok || answer.redirected) return;
    const found = await answer.json();
    await this.keep("offset", Math.round(Date.parse(found.server_time) - (asked + heard) / 2));
    await this.taken(found);
  }

  // The server's time as far as this phone knows it: its own clock may be a day off.
  async now() { return Date.now() + ((await this.kept("offset")) || 0); }

  // When a deed was and when it is sent, both by the phone's clock as it stands: one that was set meanwhile is allowed for.
  async times({ happened_at, offset }) {
    const stands = await this.kept("offset");
    const moved = offset === undefined || stands === undefined ? 0 : offset - stands;
    return { happened_at: new Date(Date.parse(happened_at) + moved).toISOString(), sent_at: new Date().toISOString() };
  }

  again(seconds) {
    this.wait = Math.min(this.wait ? this.wait * 2 : 2, 60);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.sendAll(), 1000 * Math.max(seconds, this.wait * (0.5 + Math.random() / 2)));
  }

  async add(row) {
    const offset = await this.kept("offset");
    await this.put("events", { event_id: phone.random(), happened_at: new Date().toISOString(), offset, state: "queued", reason: "", ...row });
    await this.draw();
    this.connection();
    this.sendAll();
  }

  async sendAll() {
    if (this.busy) return;
    this.busy = true;
    try {
      const account = await this.kept("account");
      const events = (await this.all("events")).sort((one, other) => one.happened_at.localeCompare(other.happened_at));
      for (const event of events) {
        if (event.state !== "queued" && event.state !== "sent") continue;
        if (event.account && event.account !== account) continue; // another's: kept until that one signs in here
        await this.put("events", { ...event, state: "sent" });
        await this.draw();
        const answer = await this.post(event);
        if (answer.status === 401) {
          await this.put("events", { ...event, state: "queued" });
          this.say("expired", "warning");
          break;
        }
        if (answer.status === 429 || answer.status >= 500) {
          await this.put("events", { ...event, state: "queued" });
          this.say("busy", "warning");
          this.again(Number(answer.headers.get("Retry-After")) || 0);
          break;
        }
        const said = await answer.json().catch(() => ({}));
        const reason = answer.ok ? this.answered(said) : (said.reasons || [{ text: said.detail || answer.status }]).map((one) => one.text).join(" ");
        await this.put("events", { ...event, state: answer.ok ? "acknowledged" : "refused", reason });
        this.wait = 0;
        this.connection();
      }
    } catch {
      this.say("offline", "warning");
      for (const event of await this.all("events")) if (event.state === "sent") await this.put("events", { ...event, state: "queued" });
      this.again(0);
    } finally {
      this.busy = false;
      await this.draw();
    }
  }

  // The page as the phone keeps it, then what the server has.
  async open(shown) {
    this.connection();
    await shown();
    await this.draw();
    await this.refresh().catch(() => null);
    await this.sendAll();
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
    if ("serviceWorker" in navigator) navigator.serviceWorker.register(this.words.worker);
  }
}
