// The start of every npm script: `node bootstrap/run.mjs <program> [arguments]`, on any Node from 18 on.
// This file keeps to syntax that older Nodes can parse too, so that they get the line below instead of a stack.
const major = Number(process.versions.node.split('.')[0]);
if (major < 18) {
  console.error(
    'Easel needs Node 18 or newer to start (it then fetches the Node it runs on); this is ' +
      process.version +
      '.',
  );
  process.exit(1);
} else {
  // A failure needs no catch: Node prints an unhandled one in full and exits with 1.
  void import('./start.mjs').then((bootstrap) => bootstrap.start(process.argv[2], process.argv.slice(3)));
}
