import type { Style } from '../understanding.ts';
import { lowPoly } from './low-poly.ts';
import { oil } from './oil.ts';
import { pencil } from './pencil.ts';
import { mono, vintage } from './photograph.ts';
import { pixelArt } from './pixel-art.ts';
import type { Brush, Pixels } from './pixels.ts';
import { watercolour } from './watercolour.ts';

/** How many pixels a style is worked out in; larger pictures are enlarged from there, which paint and paper forgive. */
const workingPixels: Partial<Record<Style, number>> = {
  watercolour: 1_600_000,
  ink: 1_600_000,
  pencil: 1_600_000,
  oil: 2_400_000,
  vintage: 2_400_000,
  mono: 2_400_000,
};

const fromPixels: Partial<Record<Style, (drawing: Pixels, brush: Brush) => Pixels>> = {
  watercolour,
  ink: (drawing, brush) => watercolour(drawing, brush, true),
  oil,
  pencil,
  vintage,
  mono,
};

/** From the drawing to the picture in its style; the result may be smaller than asked for. */
export async function finish(style: Style, width: number, height: number, brush: Brush): Promise<Pixels> {
  if (style === 'pixel') return await pixelArt(brush, width, height);
  if (style === 'low-poly') return lowPoly(brush, width, height);
  const scale = Math.min(1, Math.sqrt((workingPixels[style] ?? Infinity) / (width * height)));
  const drawing = brush.rasterise(
    Math.max(1, Math.round(width * scale)),
    Math.max(1, Math.round(height * scale)),
  );
  return fromPixels[style]?.(drawing, brush) ?? drawing;
}
