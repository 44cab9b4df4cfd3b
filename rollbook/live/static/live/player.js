// Shows live pictures: by hls.js where the browser cannot by itself; says so where there is none.
for (const video of document.querySelectorAll("video[data-live]")) {
  const note = video.parentElement.querySelector("[data-live-note]");
  const say = (state) => { video.dataset.state = state; if (note) note.hidden = state === "playing"; };
  video.addEventListener("playing", () => say("playing"));
  if (window.Hls && window.Hls.isSupported()) {
    // No worker: the page's policy lets no script be made on the fly.
    const player = new window.Hls({ enableWorker: false, liveSyncDurationCount: 2, manifestLoadingMaxRetry: 20, levelLoadingMaxRetry: 20 });
    player.on(window.Hls.Events.ERROR, (_event, fault) => {
      if (!fault.fatal) return;
      say("lost");
      setTimeout(() => (fault.type === window.Hls.ErrorTypes.MEDIA_ERROR ? player.recoverMediaError() : player.loadSource(video.dataset.live)), 3000);
    });
    player.loadSource(video.dataset.live);
    player.attachMedia(video);
  } else if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = video.dataset.live;
  } else {
    say("unsupported");
  }
}
