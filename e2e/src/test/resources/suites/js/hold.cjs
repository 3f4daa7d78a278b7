'use strict';
// Holds the stream of a long command open and says how it ended.
const { Sandbox } = require('e2b');

async function main() {
  const sandbox = await Sandbox.create({ timeoutMs: 300000 });
  const command = await sandbox.commands.run('while :; do echo tick; sleep 0.1; done', {
    background: true,
    timeoutMs: 0,
    onStdout: () => undefined,
  });
  console.log('stream is open');
  try {
    await command.wait();
    console.log('stream ended without an error');
  } catch (error) {
    console.log(`stream ended with ${error.name}: ${error.message}`);
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    console.log(error);
    process.exit(1);
  },
);
