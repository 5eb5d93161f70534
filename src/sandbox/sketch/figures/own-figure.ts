import type { FigureContext, FigureDrawing } from './drawing.ts';

export type DrawFigure = (context: FigureContext) => FigureDrawing;

/** A drawing of ours: 100 high, its feet at 100. */
export function figure(
  width: number,
  markup: string,
  seat = { x: width / 2, y: 8, size: width * 0.4 },
): FigureDrawing {
  return { markup, width, height: 100, head: { x: width / 2, y: 12, size: 14 }, seat };
}

/** Whether lamps are on and windows are bright. */
export function isLit({ stage }: FigureContext): boolean {
  return stage.palette.isDark || stage.palette.isLow || stage.understanding.weather === 'rain';
}
