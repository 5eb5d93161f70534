import type { Provider } from '../core/provider.ts';
import type { Simulator, SimulatorOptions } from '../sandbox/kit.ts';
import { ark } from './ark/index.ts';
import { gemini } from './gemini/index.ts';
import { kling } from './kling/index.ts';
import { openai } from './openai/index.ts';
import { zai } from './zai/index.ts';

/** A provider and its simulator; the simulator's code is loaded only where one is started. */
export interface Registration {
  provider: Provider;
  startSimulator: (options: SimulatorOptions) => Promise<Simulator>;
}

/** Every upstream this program speaks to, a line each. Their models are listed in this order. */
export const registrations: readonly Registration[] = [
  {
    provider: kling,
    startSimulator: async (options) => (await import('./kling/simulator.ts')).startKlingSimulator(options),
  },
  {
    provider: ark,
    startSimulator: async (options) => (await import('./ark/simulator.ts')).startArkSimulator(options),
  },
  {
    provider: gemini,
    startSimulator: async (options) => (await import('./gemini/simulator.ts')).startGeminiSimulator(options),
  },
  {
    provider: zai,
    startSimulator: async (options) => (await import('./zai/simulator.ts')).startZaiSimulator(options),
  },
  {
    provider: openai,
    startSimulator: async (options) => (await import('./openai/simulator.ts')).startOpenaiSimulator(options),
  },
];

export const providers: readonly Provider[] = registrations.map(({ provider }) => provider);
