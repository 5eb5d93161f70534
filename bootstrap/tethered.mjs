// The child's side of tether.mjs: `node tethered.mjs in-order|at-once <script> [arguments]` runs the script so that it
// does not outlive its parent. When the parent is gone, the script is told as a supervisor would, with SIGTERM: a
// gateway stops in order, anything else just ends. With at-once it is killed. A script needs to know nothing of this.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , manner, script = '', ...args] = process.argv;
process.once('disconnect', () => process.kill(process.pid, manner === 'at-once' ? 'SIGKILL' : 'SIGTERM'));
// The listener alone must not keep a finished script alive.
process.channel?.unref();

process.argv.splice(1, process.argv.length, path.resolve(script), ...args);
await import(pathToFileURL(path.resolve(script)).href);
