// The extension in the real workbench, in windows of different kinds.

import * as author from './author.mjs';
import { DESK, folder, lay, vsix } from './desk.mjs';
import * as guest from './guest.mjs';
import * as tools from './tools.mjs';
import { open } from './workbench.mjs';

await lay();
const windows = [
  { name: 'author', scenes: author.scenes, extensions: [vsix('buildls')] },
  { name: 'tools', scenes: tools.scenes, extensions: [vsix('buildls'), vsix('duplicates')] },
  { name: 'guest', scenes: guest.scenes, extensions: [vsix('buildls')], trust: false, prepare: guest.prepare },
];
const wanted = process.argv.slice(2);
for (const window of windows.filter((w) => wanted.length === 0 || wanted.includes(w.name))) await play(window);

/** Opens a window and plays its scenes in their order. */
async function play({ name, scenes, prepare, ...options }) {
  await prepare?.();
  const code = await open({ name, desk: DESK, folder, ...options });
  try {
    await code.openFile('Dockerfile');
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
