// What looks at pictures and answers: here the server, over a WebSocket that comes back by itself.
//
// A source has: on(kind, function), say(message), send(seconds, picture), isReady(), open(), close(),
// and keepsVideos: whether a take may be kept with its pictures.
// It emits the server's messages by their `is`, and "connected" with true or false.

import { Listeners } from "./listeners.js";

const QUALITY = 0.85;
const WAITING = 2; // pictures on their way: one is looked at while the next comes
const PATIENCE = 3000; // milliseconds without an answer, after which pictures are sent again
const PAUSES = [500, 1000, 2000, 4000];

export class ServerSource extends Listeners {
  constructor() {
    super();
    this.address = new URL("./live", location.href.replace(/^http/, "ws")).href;
    this.keepsVideos = true;
    this.hasPlace = false;
    this.isWanted = false;
    this.failures = 0;
    this.sent = [];
  }

  open() {
    if (this.isWanted) return;
    this.isWanted = true;
    this.connect();
  }

  close() {
    this.isWanted = false;
    this.hasPlace = false;
    clearTimeout(this.timer);
    this.socket?.close();
    this.socket = null;
  }

  connect() {
    const socket = (this.socket = new WebSocket(this.address));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.failures = 0;
      this.sent = [];
      this.emit("connected", true);
    };
    socket.onmessage = (event) => {
      if (socket === this.socket) this.receive(JSON.parse(event.data));
    };
    socket.onclose = () => {
      if (socket !== this.socket || !this.isWanted) return;
      this.hasPlace = false;
      this.emit("connected", false);
      const pause = PAUSES[Math.min(this.failures, PAUSES.length - 1)];
      this.failures += 1;
      this.timer = setTimeout(() => this.isWanted && this.connect(), pause);
    };
  }

  receive(message) {
    if (message.is === "ready") this.hasPlace = true;
    if (message.is === "elsewhere") this.hasPlace = false;
    if (message.is === "frame") this.sent = this.sent.filter((one) => one.seconds > message.seconds);
    this.emit(message.is, message);
  }

  say(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Whether a picture sent now would be looked at soon. */
  isReady() {
    if (!this.hasPlace || this.socket?.readyState !== WebSocket.OPEN) return false;
    const now = performance.now();
    this.sent = this.sent.filter((one) => now - one.at < PATIENCE);
    return this.sent.length < WAITING;
  }

  /** Send a picture (a canvas) as JPEG. */
  async send(seconds, picture) {
    const blob = await new Promise((resolve) => picture.toBlob(resolve, "image/jpeg", QUALITY));
    if (!blob) return;
    this.sent.push({ seconds, at: performance.now() });
    const jpeg = await blob.arrayBuffer();
    const message = new Uint8Array(8 + jpeg.byteLength);
    new DataView(message.buffer).setFloat64(0, seconds, true);
    message.set(new Uint8Array(jpeg), 8);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(message);
  }
}
