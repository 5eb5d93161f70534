import { useLayoutEffect, useState } from 'preact/hooks';

/** A value that outlives the screens which show it. */
export interface Store<T> {
  get(): T;
  set(value: T): void;
  /** Calls back after each change; the result ends that. */
  subscribe(listener: () => void): () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's value; the component is drawn again when it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, redraw] = useState(0);
  useLayoutEffect(() => store.subscribe(() => redraw((count) => count + 1)), [store]);
  return store.get();
}

/**
 * A store that the browser keeps: for this tab (`session`) or for good (`local`). What does not read is forgotten;
 * `write` says what of the value is worth keeping.
 */
export function createKeptStore<T>(
  name: string,
  initial: T,
  {
    area,
    read,
    write,
  }: { area: 'local' | 'session'; read: (value: unknown) => T | undefined; write?: (value: T) => unknown },
): Store<T> {
  const storage = (): Storage => (area === 'local' ? localStorage : sessionStorage);
  const store = createStore(initial);
  try {
    const text = storage().getItem(name);
    const value = text === null ? undefined : read(JSON.parse(text));
    if (value !== undefined) store.set(value);
  } catch {
    // Nothing kept, or no storage in this browser: the initial value stands.
  }
  store.subscribe(() => {
    try {
      storage().setItem(name, JSON.stringify(write === undefined ? store.get() : write(store.get())));
    } catch {
      // Full or forbidden: it is then kept in memory alone.
    }
  });
  return store;
}
