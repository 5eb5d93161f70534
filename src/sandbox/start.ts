import type { Draw, Simulator, SimulatorOptions } from './kit.ts';
import { startSketchMaker } from './sketch/maker.ts';

/** How one provider's simulator is started. */
export interface SimulatorStarter {
  provider: string;
  start: (options: SimulatorOptions) => Promise<Simulator>;
}

/** The running simulators, by provider. */
export interface Sandbox {
  simulators: ReadonlyMap<string, Simulator>;
  close(): Promise<void>;
}

/** Where one provider's simulator differs from the rest. */
export type SandboxOptions = Partial<Pick<SimulatorOptions, 'delayMs' | 'seed'>> & {
  /** First port; each simulator takes the next. Absent: any free ports. */
  firstPort?: number;
  /** Draws the pictures; the sketch maker by default. */
  draw?: Draw;
};

/** Starts simulators on free loopback ports. Pictures are drawn in worker threads, started with the first of them. */
export async function startSandbox(
  starters: readonly SimulatorStarter[],
  options: SandboxOptions = {},
): Promise<Sandbox> {
  const { firstPort, draw, ...common } = options;
  // Costs nothing until the first picture is drawn.
  const maker = startSketchMaker();
  const drawWith: Draw = draw ?? ((request) => maker.draw(request));
  const started = await Promise.all(
    starters.map(async ({ provider, start }, i): Promise<[string, Simulator]> => [
      provider,
      await start({ ...common, draw: drawWith, ...(firstPort === undefined ? {} : { port: firstPort + i }) }),
    ]),
  );
  const simulators = new Map(started);
  return {
    simulators,
    async close() {
      await Promise.all([...simulators.values()].map((simulator) => simulator.close()));
      await maker.close();
    },
  };
}
