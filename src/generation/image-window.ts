/**
 * A second more than the minute the upstream counts: of two requests sent a minute apart the later one may reach it
 * sooner after its start than the earlier one did.
 */
const windowMs = 61_000;

/** Images sent, none of them more than a minute ago. */
export interface ImageWindow {
  /** How long until so many images may be sent, ms; 0: now. More than the limit go alone. */
  waitMs(images: number, nowMs: number): number;
  /** Counts them; what is returned takes them back, where they were surely not sent. */
  add(images: number, nowMs: number): () => void;
}

/**
 * At most `imagesPerMinute` within any minute. A bucket that is filled again drop by drop would let twice as many
 * through in the minute after a pause (a full bucket and what drops in meanwhile); upstreams count a sliding minute
 * (upstream-seedream.md section 9), so this does too.
 */
export function makeImageWindow(imagesPerMinute: number): ImageWindow {
  let sent: { atMs: number; images: number }[] = [];
  return {
    waitMs(images, nowMs) {
      // A clock that was set back must not make anybody wait for the difference.
      for (const entry of sent) entry.atMs = Math.min(entry.atMs, nowMs);
      sent = sent.filter((entry) => entry.atMs > nowMs - windowMs);
      let over = sent.reduce((sum, entry) => sum + entry.images, images) - imagesPerMinute;
      let waitMs = 0;
      for (const entry of sent) {
        if (over <= 0) break;
        over -= entry.images;
        waitMs = entry.atMs + windowMs - nowMs;
      }
      return waitMs;
    },
    add(images, nowMs) {
      const entry = { atMs: nowMs, images };
      sent.push(entry);
      return () => {
        sent = sent.filter((other) => other !== entry);
      };
    },
  };
}
