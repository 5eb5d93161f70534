import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { number } from './svg.ts';

export interface Mark {
  /** RGBA. */
  readonly data: Uint8Array;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

let font: string | undefined;

function rendered(width: number, height: number, body: string): Uint8Array {
  font ??= fileURLToPath(import.meta.resolve('@expo-google-fonts/nunito/700Bold/Nunito_700Bold.ttf'));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${body}</svg>`;
  return new Resvg(svg, {
    font: { loadSystemFonts: false, fontFiles: [font], defaultFontFamily: 'Nunito' },
  }).render().pixels;
}

/** Where the ribbon lies: at the lower right, a sixth of the short side long, and never too small to read. */
export function ribbonBox(
  width: number,
  height: number,
): { left: number; top: number; width: number; height: number } {
  const short = Math.min(width, height);
  const w = Math.min(width, Math.max(64, Math.round(short * 0.175)));
  const h = Math.max(1, Math.min(height, Math.round(w * 0.27)));
  const gap = Math.round(Math.min(short * 0.024, Math.max(0, short - h) / 2));
  return { left: Math.max(0, width - w - gap), top: Math.max(0, height - h - gap), width: w, height: h };
}

/** The word every picture of the sandbox carries. */
export function sandboxRibbon(width: number, height: number): Mark {
  const box = ribbonBox(width, height);
  const { width: w, height: h } = box;
  const shape = `<path d="M0 0H${w}V${h}H0L${number(h * 0.34)} ${number(h / 2)}Z" fill="#10131f" fill-opacity=".74"/>`;
  const text = `<text x="${number(w * 0.535)}" y="${number(h * 0.68)}" font-family="Nunito" font-weight="700" font-size="${number(h * 0.58)}" letter-spacing="${number(h * 0.045)}" fill="#fff" text-anchor="middle">sandbox</text>`;
  return { ...box, data: rendered(w, h, shape + text) };
}

/** The mark some providers burn into their pictures unless told not to; ours stands at the lower left. */
export function providerWatermark(width: number, height: number): Mark {
  const short = Math.min(width, height);
  const w = Math.min(width, Math.max(72, Math.round(short * 0.2)));
  const h = Math.max(1, Math.min(height, Math.round(w * 0.2)));
  const gap = Math.round(Math.min(short * 0.024, Math.max(0, short - h) / 2));
  const text = `<text x="${number(w / 2)}" y="${number(h * 0.69)}" font-family="Nunito" font-weight="700" font-size="${number(h * 0.58)}" fill="#fff" text-anchor="middle">AI generated</text>`;
  const frame = `<rect x="${number(h * 0.05)}" y="${number(h * 0.05)}" width="${number(w - h * 0.1)}" height="${number(h * 0.9)}" rx="${number(h * 0.22)}" fill="#10131f" fill-opacity=".38" stroke="#fff" stroke-opacity=".85" stroke-width="${number(h * 0.06)}"/>`;
  return {
    data: rendered(w, h, frame + text),
    left: gap,
    top: Math.max(0, height - h - gap),
    width: w,
    height: h,
  };
}
