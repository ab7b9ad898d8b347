/** Time as the simulator sees it. Everything it waits for goes through here. */
export interface Clock {
  /** Milliseconds since 1970, with fractions. */
  now(): number;
  /** Calls back once after so many milliseconds; the returned function calls it off. */
  setTimer(callback: () => void, milliseconds: number): () => void;
}

/** The clock on the wall. */
export const wallClock: Clock = acceleratedClock(1);

/** A clock that runs so many times faster: with factor 100 the 60-second timer fires after 0.6 s, and a day lasts a quarter of an hour. */
export function acceleratedClock(factor: number): Clock {
  const origin = performance.timeOrigin + performance.now();
  return {
    now: () => origin + (performance.timeOrigin + performance.now() - origin) * factor,
    setTimer: (callback, milliseconds) => {
      const timer = setTimeout(callback, Math.max(0, milliseconds / factor));
      return () => clearTimeout(timer);
    },
  };
}
