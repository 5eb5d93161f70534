/** Colours are `#rrggbb` everywhere; these are the few things we do with them. */

function parse(colour: string): [red: number, green: number, blue: number] {
  const hex = colour.length === 4 ? colour.replaceAll(/[0-9a-f]/gi, '$&$&') : colour;
  const value = Number.parseInt(hex.slice(1, 7), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function format(red: number, green: number, blue: number): string {
  const [r, g, b] = [red, green, blue].map((value) => Math.max(0, Math.min(255, Math.round(value))));
  return `#${(((r ?? 0) << 16) | ((g ?? 0) << 8) | (b ?? 0)).toString(16).padStart(6, '0')}`;
}

/** `amount` 0 is `from`, 1 is `to`. Mixed in light, not in sRGB: blue and orange meet in rose, not in mud. */
export function mix(from: string, to: string, amount: number): string {
  const [a, b] = [parse(from), parse(to)];
  const blend = (index: 0 | 1 | 2) => {
    const light = (1 - amount) * (a[index] / 255) ** 2 + amount * (b[index] / 255) ** 2;
    return Math.sqrt(Math.max(0, light)) * 255;
  };
  return format(blend(0), blend(1), blend(2));
}

export function lighten(colour: string, amount: number): string {
  return mix(colour, '#ffffff', amount);
}

export function darken(colour: string, amount: number): string {
  return mix(colour, '#06070f', amount);
}

/** Hue in degrees, saturation and lightness in percent. */
export function hsl(hue: number, saturation: number, lightness: number): string {
  const [s, l] = [Math.max(0, Math.min(100, saturation)) / 100, Math.max(0, Math.min(100, lightness)) / 100];
  const channel = (offset: number) => {
    const k = (((offset + hue / 30) % 12) + 12) % 12;
    return 255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return format(channel(0), channel(8), channel(4));
}

export function toHsl(colour: string): [hue: number, saturation: number, lightness: number] {
  const [red, green, blue] = parse(colour).map((value) => value / 255) as [number, number, number];
  const [high, low] = [Math.max(red, green, blue), Math.min(red, green, blue)];
  const [lightness, span] = [(high + low) / 2, high - low];
  if (span === 0) return [0, 0, lightness * 100];
  const saturation = span / (1 - Math.abs(2 * lightness - 1));
  const sector =
    high === red
      ? (green - blue) / span
      : high === green
        ? (blue - red) / span + 2
        : (red - green) / span + 4;
  return [(sector * 60 + 360) % 360, saturation * 100, lightness * 100];
}

/** Towards grey of the same lightness. */
export function mute(colour: string, amount: number): string {
  const [hue, saturation, lightness] = toHsl(colour);
  return hsl(hue, saturation * (1 - amount), lightness);
}
