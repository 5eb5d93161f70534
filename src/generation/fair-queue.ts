/** What a queue must know of those who wait in it. */
export interface Queued {
  /** Whose turn it takes up. */
  keyId: string;
  /** Their place among those of the same key: the smaller goes first. */
  arrival: number;
}

/**
 * Those who wait for one thing: keys take turns, however many wait for each; within a key the first to have come
 * goes first.
 */
export interface FairQueue<T extends Queued> {
  add(item: T): void;
  /** Whose turn it is. */
  head(): T | undefined;
  /** Takes the head away; its key goes behind all others. */
  shift(): void;
  /** Does nothing when it does not wait any more. */
  remove(item: T): void;
}

export function makeFairQueue<T extends Queued>(): FairQueue<T> {
  // A Map keeps the order of insertion: its first key is the one whose turn it is.
  const lanes = new Map<string, T[]>();
  return {
    add(item) {
      const lane = lanes.get(item.keyId) ?? [];
      const behind = lane.findIndex((other) => other.arrival > item.arrival);
      lane.splice(behind === -1 ? lane.length : behind, 0, item);
      lanes.set(item.keyId, lane);
    },
    head: () => firstOf(lanes)?.[1][0],
    shift() {
      const first = firstOf(lanes);
      if (first === undefined) return;
      const [keyId, lane] = first;
      lane.shift();
      lanes.delete(keyId);
      if (lane.length > 0) lanes.set(keyId, lane);
    },
    remove(item) {
      const lane = lanes.get(item.keyId) ?? [];
      const place = lane.indexOf(item);
      if (place === -1) return;
      lane.splice(place, 1);
      if (lane.length === 0) lanes.delete(item.keyId);
    },
  };
}

function firstOf<K, V>(map: ReadonlyMap<K, V>): [K, V] | undefined {
  const { value, done } = map.entries().next();
  return done === true ? undefined : value;
}
