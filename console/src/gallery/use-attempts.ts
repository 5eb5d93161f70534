import { useEffect, useState } from 'preact/hooks';

/** A picture that does not come is asked for again, each time by a fresh link; `over`: it will not come. */
export interface Attempts {
  state: 'asking' | 'waiting' | 'over';
  /** A new one for each attempt: an `<img>` with it as its key asks again, also by the same link. */
  attempt: number;
  onError: () => void;
}

/**
 * A link may be over, and a gateway that makes many small pictures at once sends some askers away: `renew` is called
 * after each of these waits, then the next attempt is made.
 */
export function useAttempts(renew: () => Promise<void> | void, waitsMs: readonly number[]): Attempts {
  const [attempt, setAttempt] = useState(0);
  const [failed, setFailed] = useState(-1);
  const waitMs = waitsMs[attempt];
  const isWaiting = failed === attempt;

  useEffect(() => {
    if (!isWaiting || waitMs === undefined) return undefined;
    let isLeft = false;
    const again = async (): Promise<void> => {
      await renew();
      if (!isLeft) setAttempt(attempt + 1);
    };
    const timer = setTimeout(() => void again(), waitMs);
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [isWaiting, attempt]);

  return {
    state: !isWaiting ? 'asking' : waitMs === undefined ? 'over' : 'waiting',
    attempt,
    onError: () => setFailed(attempt),
  };
}
