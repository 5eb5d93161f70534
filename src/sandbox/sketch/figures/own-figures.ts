import { buildings } from './buildings.ts';
import type { FigureContext, FigureDrawing } from './drawing.ts';
import { furnishings } from './furnishings.ts';
import { plantsAndThings } from './plants-and-things.ts';

const figures = new Map(Object.entries({ ...buildings, ...furnishings, ...plantsAndThings }));

/** Figures no emoji shows, or shows badly. */
export function ownFigure(name: string, context: FigureContext): FigureDrawing | undefined {
  return figures.get(name)?.(context);
}
