// The extension in the real workbench, in windows of different kinds.

import assert from 'node:assert/strict';
import * as author from './author.mjs';
import { DESK, folder, lay, servers, vsix } from './desk.mjs';
import * as getting from './getting.mjs';
import * as guest from './guest.mjs';
import * as tools from './tools.mjs';
import { open, until } from './workbench.mjs';

await lay();
const activations = [];
const windows = [
  { name: 'author', scenes: author.scenes, server: servers.onPath, extensions: [vsix('buildls')] },
  { name: 'tools', scenes: tools.scenes, server: servers.ofGo, extensions: [vsix('buildls'), vsix('duplicates')] },
  { name: 'guest', scenes: guest.scenes, server: servers.inPackage, extensions: [vsix('whole')], trust: false, prepare: guest.prepare },
  { name: 'gets', scenes: getting.scenes, server: servers.nowhere, extensions: [vsix('buildls')], prepare: getting.prepare },
  { name: 'stranger', scenes: getting.strangers, server: servers.nowhere, extensions: [vsix('buildls')], trust: false },
];
const wanted = process.argv.slice(2);
for (const window of windows.filter((w) => wanted.length === 0 || wanted.includes(w.name))) await play(window);
// Not the slowest: another process may have had the machine.
assert.ok(Math.min(...activations) < 100, `activated in ${activations.join(', ')} ms`);

/** Opens a window and plays its scenes in their order. */
async function play({ name, scenes, server, prepare, ...options }) {
  await server.lay();
  await prepare?.();
  const code = await open({ name, desk: DESK, folder, ...options });
  try {
    await code.openFile('Dockerfile');
    if (server.is) await until(`the server is ${server.is}`, async () => (/ starting (.*)/.exec(await code.log())?.[1] ?? '').match(server.is));
    const took = await until('the extension says how long its activation took', async () => /activated in ([\d.]+) ms/.exec(await code.log())?.[1]);
    console.log(`${name} activated in ${took} ms`);
    activations.push(Number(took));
    for (const [scene, run] of Object.entries(scenes(code))) {
      const begun = Date.now();
      await run();
      console.log(`ok ${name} ${scene} (${Date.now() - begun} ms)`);
    }
  } catch (error) {
    await code.shot('broken').catch(() => undefined);
    throw error;
  } finally {
    await code.quit();
  }
}
