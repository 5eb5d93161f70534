import type { DayRange } from './days.ts';
import type { Grouping } from './sum-usage.ts';

/** What the screen shows; it stands in the address, so that a view can be linked to. */
export interface UsageView {
  range: DayRange;
  /** A key's id; empty: all of them. */
  key: string;
  by: Grouping;
}
