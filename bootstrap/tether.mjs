// A child that cannot outlive its parent, and a parent that ends as its child does.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What a person or a supervisor sends to stop, reload or inspect a service.
 * @type {NodeJS.Signals[]}
 */
const passedOn = ['SIGINT', 'SIGTERM', 'SIGHUP'];
if (process.platform !== 'win32') passedOn.push('SIGUSR2');

const childEntry = path.join(path.dirname(fileURLToPath(import.meta.url)), 'tethered.mjs');

/**
 * How a child ended, and the first signal that was passed on to it.
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, passed?: NodeJS.Signals | undefined }} Ending
 */

/** Thrown by a preparation that was told to stop while a child of it was running. */
export class Stopped extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.signal = signal;
  }
}

/**
 * Runs a script as a child in this process group and resolves when it has ended.
 *
 * Signals to this process alone are passed on. Signals to the group (Ctrl-C, a supervisor's kill of the group) reach
 * the child by themselves and a second time from here, and npm adds a third: we cannot tell the cases apart, so a
 * program must take a repeated stop signal as the same stop, not as "now at once".
 *
 * If this process dies without a chance to pass anything on (SIGKILL), the pipe between the two closes and the child
 * ends itself: see tethered.mjs.
 * @param {string} node the Node to run it
 * @param {string} script
 * @param {string[]} args
 * @param {object} options
 * @param {['inherit' | 'ignore', 'inherit' | 'ignore', 'inherit']} options.stdio
 * @param {string} [options.cwd]
 * @param {boolean} [options.isDisposable] whether to stop means to be killed, for work that may be thrown away
 * @param {number} [options.timeoutMs] killed when it has not ended by then
 * @returns {Promise<Ending>}
 */
export function runTethered(node, script, args, { stdio, cwd, isDisposable = false, timeoutMs }) {
  return new Promise((resolve, reject) => {
    /** @type {NodeJS.Signals | undefined} */
    let passed;
    /** @param {NodeJS.Signals} signal */
    const passOn = (signal) => {
      passed ??= signal;
      child.kill(isDisposable ? 'SIGKILL' : signal);
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const release = () => {
      clearTimeout(timer);
      passedOn.forEach((signal) => process.off(signal, passOn));
    };
    passedOn.forEach((signal) => process.on(signal, passOn));
    const manner = isDisposable ? 'at-once' : 'in-order';
    const child = spawn(node, [childEntry, manner, script, ...args], { cwd, stdio: [...stdio, 'ipc'] });
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      release();
      resolve({ code, signal, passed });
    });
  });
}

/**
 * Ends this process the way a child ended. A crash of the child is told by exit code: raising SIGSEGV here would
 * only add a second core file.
 * @param {Ending} ending
 */
export function endAs({ code, signal }) {
  if (signal === null) process.exit(code ?? 1);
  if (passedOn.includes(signal)) {
    process.kill(process.pid, signal);
    // Delivery is not instant; stay until it comes.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 2000);
    return;
  }
  console.error(`The program was ended by ${signal}.`);
  process.exit(128 + constants.signals[signal]);
}
