// The child's side of tether.mjs: `node tethered.mjs <script> [arguments]` runs the script so that it does not outlive
// its parent. When the parent is gone, the script is told as it would be by a supervisor, with SIGTERM: a gateway
// stops in order, anything else just ends. A script needs to know nothing of this.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
// The listener alone must not keep a finished script alive.
process.channel?.unref();

process.argv.splice(1, 1);
const script = path.resolve(process.argv[1] ?? '');
await import(pathToFileURL(script).href);
