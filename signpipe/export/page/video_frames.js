// The frames of a video file, one after the other, whatever its rate.

const FINEST = 1 / 120; // seconds between frames, at least
const PATIENCE = 4000; // milliseconds for a frame to come

/**
 * Call `take(seconds, video)` with each frame of a video file, in order, and wait for it.
 * `tell(share)` says how far it is. Throws an Error if the browser cannot play the file.
 */
export async function eachFrame(file, take, tell = () => {}, signal = null) {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, preload: "auto", src: URL.createObjectURL(file) });
  try {
    await event(video, "loadeddata", `This browser cannot play ${file.name}. Try a file that ends in .mp4 or .webm.`);
    if (!video.videoWidth) throw new Error(`${file.name} has no picture in it.`);
    let [last, step] = [-1, FINEST];
    let at = 0;
    while (!signal?.aborted) {
      const shown = await seek(video, at);
      if (shown > last + 1e-4) {
        if (last >= 0) step = Math.max(shown - last, FINEST);
        last = shown;
        await take(shown, video);
        tell(Math.min(shown / video.duration, 1));
        at = shown + step * 1.01 + 1e-3; // a little into the next frame
      } else {
        at += FINEST;
      }
      if (at > video.duration) break;
    }
    tell(1);
  } finally {
    URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
    video.load();
  }
}

/** Show the frame at a time; the time at which that frame begins. */
async function seek(video, seconds) {
  const isExact = "requestVideoFrameCallback" in video;
  const shown = isExact && new Promise((resolve) => video.requestVideoFrameCallback((_, about) => resolve(about.mediaTime)));
  const sought = event(video, "seeked", "");
  video.currentTime = seconds;
  await sought;
  if (!isExact) return seconds;
  return Promise.race([shown, new Promise((resolve) => setTimeout(() => resolve(seconds), PATIENCE))]);
}

function event(target, name, trouble) {
  return new Promise((resolve, reject) => {
    target.addEventListener(name, resolve, { once: true });
    target.addEventListener("error", () => reject(new Error(trouble || "The video ends early; it may be damaged.")), { once: true });
  });
}

/** The clip { times, frames, width, height } of a video file, as the recogniser takes it. */
export async function clipOf(recognizer, file, tell, signal) {
  const clip = { times: [], frames: [], width: 0, height: 0 };
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { alpha: false });
  recognizer.finder.begin();
  await eachFrame(file, async (seconds, video) => {
    const [width, height] = [video.videoWidth, video.videoHeight];
    if (clip.width !== width || clip.height !== height) [canvas, clip].forEach((one) => Object.assign(one, { width, height }));
    context.drawImage(video, 0, 0);
    clip.times.push(seconds);
    clip.frames.push(await recognizer.finder.find(canvas));
  }, tell, signal);
  return clip;
}
