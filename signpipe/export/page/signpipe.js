// For a page of one's own: landmarks and answers, without the page around them.
//
//   import { Recognizer } from "./signpipe.js";
//   const recognizer = await Recognizer.load();
//   recognizer.watch(video, (event) => console.log(event.answer, event.signs));

import { LandmarkFinder } from "./landmarks.js";
import { SignModel } from "./model.js";
import { SignStream } from "./sign_stream.js";

export class Recognizer {
  /** Load what lies beside this file; `onProcessor` keeps the graphics card out of it. */
  static async load({ onProcessor } = {}) {
    const recognizer = new Recognizer();
    const about = await fetch(new URL("recognizer.json", import.meta.url)).then((answer) => answer.json());
    recognizer.card = about.card;
    recognizer.streamSettings = about.stream;
    recognizer.prior = about.prior_distance;
    recognizer.model = await SignModel.load(about.card);
    recognizer.finder = await LandmarkFinder.load(onProcessor);
    return recognizer;
  }

  /** The signs that it knows. */
  get signs() {
    return this.card.signs;
  }

  /** A new stream of pictures of a size, to push frames into. */
  stream(width, height) {
    this.finder.begin();
    return new SignStream(this.streamSettings, width, height);
  }

  /** What is said of a clip's frames, see SignModel. */
  decide(frames, width, height) {
    return this.model.decide(frames, width, height);
  }

  /**
   * Watch a playing <video>: `take({ answer, signs, start, end })` is called with each sign shown,
   * and with { hands: true or false } as hands come up and go down. Gives a function that ends it.
   */
  watch(video, take) {
    let isOn = true;
    let stream = null;
    const look = async () => {
      while (isOn) {
        await new Promise((next) => requestAnimationFrame(next));
        const { videoWidth: width, videoHeight: height } = video;
        if (!width || video.paused) continue;
        stream ??= this.stream(width, height);
        const seconds = performance.now() / 1000;
        for (const event of stream.push(seconds, await this.finder.find(video))) {
          if (event.is === "hands") take({ hands: event.up });
          else take({ ...(await this.decide(event.frames, width, height)), start: event.start, end: event.end });
        }
      }
    };
    look();
    return () => (isOn = false);
  }
}
