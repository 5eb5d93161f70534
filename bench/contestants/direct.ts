import type { Contestant, Place } from './contestant.ts';

/** Nobody between the caller and the upstream: the floor. */
export function makeDirect({ upstream }: Pick<Place, 'upstream'>): Contestant {
  return { name: 'direct', baseUrl: `${upstream.origin}/v1`, headers: {}, process: undefined };
}
