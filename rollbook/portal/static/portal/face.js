// A check-in with the face: what stands beside it, since a face alone does not count.
const face = document.querySelector("[data-camera]");
const digits = document.getElementById("code");
const whether = face.querySelector("[data-position]");

face.ready = () => { if (!digits.value.trim() && !whether.checked) throw new Error(face.dataset.lacking); };

face.complete = async (body, button) => {
  body.set("event_id", phone.random()); // each try is an event of its own
  body.set("direction", button.value);
  body.set("code", digits.value.trim());
  if (!whether.checked) return;
  const here = await new Promise((resolve) => {
    if (!navigator.geolocation) return resolve(null);
    navigator.geolocation.getCurrentPosition(({ coords }) => resolve(coords), () => resolve(null), { enableHighAccuracy: true, timeout: 8000, maximumAge: 10000 });
  });
  if (!here && !digits.value.trim()) throw new Error(face.dataset.noPosition);
  if (here) for (const [name, value] of Object.entries({ latitude: here.latitude, longitude: here.longitude, accuracy: Math.round(here.accuracy) })) body.set(name, value);
};
