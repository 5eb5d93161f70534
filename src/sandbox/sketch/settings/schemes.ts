type Scheme = readonly [wall: string, floor: string, cloth: string, trim: string];

export const schemes: readonly [Scheme, ...Scheme[]] = [
  ['#f0dcc4', '#b9794a', '#7fa69a', '#fffaf1'],
  ['#cfe0dc', '#c08a5a', '#e59a7a', '#ffffff'],
  ['#e9c9bd', '#a96a48', '#6d8fb0', '#fff6ee'],
  ['#d9d6ea', '#b58560', '#e0b45c', '#ffffff'],
  ['#d6dfc4', '#a9754d', '#d07f6a', '#fffdf2'],
  ['#c7d7e8', '#b98b66', '#e7a79a', '#ffffff'],
];
