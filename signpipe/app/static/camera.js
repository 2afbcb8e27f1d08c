// The browser's camera: its stream, what is said when there is none, and its pictures.

const LONGEST = 640; // pixels; more shows the models nothing
const MOST_A_SECOND = 30;

const WORDS = {
  NotAllowedError:
    "The camera is blocked. Allow it: press the camera sign beside the address, choose “Allow”, then press “Try again”.",
  NotFoundError: "No camera was found. Plug one in, then press “Try again”.",
  OverconstrainedError: "No camera was found. Plug one in, then press “Try again”.",
  NotReadableError:
    "Another program has the camera. Close it there (a video call, perhaps), then press “Try again”.",
  AbortError: "The camera stopped. Press “Try again”.",
};

/** Open the camera. Throws an Error whose message says what to do. */
export async function openCamera() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error(
      "Browsers give the camera only to pages of this computer and to https addresses. Open the page in one of these ways.",
    );
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: "user" },
    });
  } catch (error) {
    throw new Error(WORDS[error.name] || `The camera cannot be used: ${error.message}`);
  }
}

/**
 * Hand on the pictures of a playing video, as fast as `ready()` allows, until the signal.
 * `take(seconds, canvas)` gets each, and the next comes when its promise is kept.
 */
export function eachPicture(video, ready, take, signal) {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { alpha: false });
  let last = -Infinity;
  let isBusy = false;
  const next = (now) => {
    if (signal.aborted) return;
    request();
    // A little less than a thirtieth, or a camera of 30 a second would lose every other.
    if (isBusy || now - last < 900 / MOST_A_SECOND || !video.videoWidth || !ready()) return;
    last = now;
    isBusy = true;
    const scale = Math.min(1, LONGEST / Math.max(video.videoWidth, video.videoHeight));
    const [width, height] = [video.videoWidth, video.videoHeight].map((side) => Math.round(side * scale));
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.drawImage(video, 0, 0, width, height);
    take(now / 1000, canvas).finally(() => (isBusy = false));
  };
  const request = () =>
    "requestVideoFrameCallback" in video
      ? video.requestVideoFrameCallback(next)
      : requestAnimationFrame(next);
  request();
}
