// A face before the camera of a phone: the moves that the server asks for are said one after the other while pictures
// are taken, and all go to the server at once. Nothing is kept here; the camera is off as soon as it is not needed.
const EVERY = 600; // milliseconds between two pictures
const STRAIGHT = 2, EACH = 4; // pictures at the beginning and the end, and of each move
const SIDE = 640; // pixels of the longer side

for (const place of document.querySelectorAll("[data-camera]")) {
  const words = { ...place.querySelector("[data-words]").dataset, ...place.dataset };
  const stop = place.querySelector("[data-stop]");
  const [box, video] = [place.querySelector(".camera-box"), place.querySelector("video")];
  const said = place.querySelector("[data-said]");
  const canvas = document.createElement("canvas");
  const starts = [...place.querySelectorAll("[data-start]")];
  let stream = null;

  const say = (text, tone = "primary") => { said.className = `alert alert-${tone}`; said.textContent = text; };
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  function off() {
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = video.srcObject = null;
    box.hidden = stop.hidden = true;
  }
  function close() {
    off();
    for (const one of starts) one.hidden = false;
  }

  function draw() {
    const share = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
    canvas.width = Math.round(video.videoWidth * share);
    canvas.height = Math.round(video.videoHeight * share);
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(video, 0, 0, canvas.width, canvas.height);
    return pen;
  }

  // The mean grey value of the middle, where the face is.
  function light() {
    const [width, height] = [canvas.width, canvas.height];
    const { data } = draw().getImageData(width / 4, height / 4, Math.max(width / 2, 1), Math.max(height / 2, 1));
    let sum = 0;
    for (let n = 0; n < data.length; n += 4) sum += 0.299 * data[n] + 0.587 * data[n + 1] + 0.114 * data[n + 2];
    return (sum * 4) / data.length;
  }

  async function moment() {
    await pause(EVERY);
    if (!stream) throw new Error(words.stopped);
  }

  async function open() {
    if (!navigator.mediaDevices) throw new Error(words.insecure);
    say(words.asking);
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } } });
    } catch (fault) {
      const known = { NotAllowedError: words.denied, SecurityError: words.denied, NotFoundError: words.none, OverconstrainedError: words.none };
      throw new Error(known[fault.name] || words.taken);
    }
    video.srcObject = stream;
    box.hidden = stop.hidden = false;
    for (const one of starts) one.hidden = true;
    stop.focus();
    await video.play().catch(() => null); // stopped meanwhile
    await moment(); // a camera needs a moment to set itself to the light
    draw();
    const grey = light();
    if (grey < Number(words.dark)) throw new Error(words.tooDark);
    if (grey > Number(words.bright)) throw new Error(words.tooBright);
  }

  async function take(pictures, count) {
    for (let n = 0; n < count; n += 1) {
      await moment();
      draw();
      pictures.push(await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85)));
    }
  }

  async function ask(where, body) {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    const answer = await fetch(where, { method: "POST", headers: { "X-CSRFToken": token }, body }).catch(() => { throw new Error(words.offline); });
    const told = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
    if (answer.ok) return told;
    if (answer.status === 401) throw new Error(words.signIn);
    throw new Error((told.reasons || []).map((one) => one.text).join(" ") || words.offline);
  }

  async function run(button) {
    try {
      if (place.ready) place.ready();
      await open();
      const challenge = await ask(words.challenge);
      const pictures = [];
      say(words.straight);
      await take(pictures, STRAIGHT);
      for (const move of challenge.moves) {
        say(move.words);
        if (navigator.vibrate) navigator.vibrate(80);
        await take(pictures, EACH);
      }
      say(words.straight);
      await take(pictures, STRAIGHT);
      const body = new FormData();
      if (place.complete) await place.complete(body, button);
      body.set("nonce", challenge.nonce);
      pictures.forEach((one, n) => body.append("pictures", one, `${n}.jpg`));
      off();
      say(words.looking);
      await ask(words.send, body);
      say(words.done, "success");
      place.dataset.state = "done";
      await pause(1200);
      window.location.reload();
    } catch (fault) {
      close();
      say(fault.message, "danger");
      place.dataset.state = "failed";
      button.focus();
    }
  }

  for (const button of starts) {
    button.addEventListener("click", () => run(button));
    button.disabled = false;
  }
  stop.addEventListener("click", close);
  place.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  window.addEventListener("pagehide", close);
}
