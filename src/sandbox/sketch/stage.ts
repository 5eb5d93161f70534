import type { Palette } from './palette.ts';
import type { Random } from './random.ts';
import type { Definitions } from './svg.ts';
import type { Understanding } from './understanding.ts';

/** What every part of the picture draws with. Width and height are in scene units; the shorter one is 1000. */
export interface Stage {
  readonly width: number;
  readonly height: number;
  readonly understanding: Understanding;
  readonly palette: Palette;
  readonly random: Random;
  readonly define: Definitions;
  /** An input picture will stand here on an easel, so there has to be ground. */
  readonly hasEasel: boolean;
}

/** A finished scene: what is behind the figures, what is before them, and where they can be. */
export interface Setting {
  readonly behind: string;
  readonly before: string;
  /** Where the feet of the nearest figures are. */
  readonly ground: number;
  readonly horizon: number;
  /** Where water begins for what floats; absent where there is none. */
  readonly waterline?: number;
  /** Standing figures throw a soft shadow. */
  readonly hasShadows: boolean;
  /** Where a lamp, picture or window on a wall would hang. */
  readonly wallY?: number;
}
