// A window without a server: it is offered once, got by a click, held to its checksum, and replaced when it is older.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BUILDLS, DESK, line, settings } from './desk.mjs';
import { until } from './workbench.mjs';

const { OLDER, VERSION: version } = process.env;
const name = 'buildls-linux-amd64.gz';

let code, port, url;
/** What the place of releases serves, and whether it lets go of it. */
const served = { program: OLDER, damaged: false, held: false };

export function scenes(workbench) {
  code = workbench;
  return { offers, offersOnce, refuses, cancels, gets, updates };
}

/** Scenes of a window that is not trusted. */
export function strangers(workbench) {
  code = workbench;
  return { getsNothing };
}

/** The setting names a place where nobody listens yet. */
export async function prepare() {
  await settings({});
  const place = createServer();
  await once(place.listen(0, '127.0.0.1'), 'listening');
  ({ port } = place.address());
  place.close();
  url = `http://127.0.0.1:${port}/releases/download/${version}`;
  const machine = join(DESK, 'code-gets', 'Machine');
  await mkdir(machine, { recursive: true });
  await writeFile(join(machine, 'settings.json'), JSON.stringify({ 'buildls.releases': `http://127.0.0.1:${port}/releases/` }));
}

/** A release as GitHub serves it: its files are on another host. */
async function serve() {
  const place = createServer((request, response) => {
    const at = `/releases/download/${version}/`;
    const file = request.url.slice(request.url.lastIndexOf('/') + 1);
    if (request.url.startsWith(at)) return response.writeHead(302, { location: `http://localhost:${port}/files/${file}` }).end();
    void send(file, response);
  });
  place.unref();
  await once(place.listen(port), 'listening');
}

async function send(file, response) {
  const packed = gzipSync(await readFile(served.program), { level: 1 });
  const sum = createHash('sha256').update(packed).digest('hex');
  if (file === 'SHA256SUMS') return response.end(`${'0'.repeat(64)}  buildls-linux-arm64.gz\n${sum}  ${name}\n`);
  if (served.damaged) packed[packed.length - 1] ^= 1;
  response.writeHead(200, { 'content-length': packed.length });
  if (!served.held) return response.end(packed);
  response.write(packed.subarray(0, packed.length / 2));
  served.halved = { left: once(response, 'close') };
}

const notice = (text) => code.page.locator('.notification-list-item').filter({ hasText: text });

async function press(text, button) {
  await notice(text).getByText(button, { exact: true }).click();
}

/** What is kept of what was got. */
async function kept() {
  return (await readdir(join(code.data, 'User', 'globalStorage', 'buildls.buildls')).catch(() => [])).sort();
}

async function starts() {
  return [...(await code.log()).matchAll(/ starting (.*)/g)].map(([, program]) => program);
}

/** Unasked, it says from where it would get which server. Nothing is there: it says what it asked, and what to do. */
async function offers() {
  const offer = notice(`Get buildls ${version} from ${url}/${name}?`);
  await offer.waitFor();
  assert.match(await offer.textContent(), /The setting buildls\.releases names this place\. It is reached without encryption\./);
  await code.shot('offered');
  await press('Get buildls', 'Get it');
  await notice(`Cannot get ${url}/SHA256SUMS: connect ECONNREFUSED`).filter({ hasText: 'Install buildls by hand, name it in the setting buildls.path' }).waitFor();
  await code.shot('unreached');
}

/** The next window says it in the status bar alone. */
async function offersOnce() {
  await code.page.reload();
  await code.page.locator('.monaco-workbench .part.statusbar').waitFor();
  await code.openFile('Dockerfile'); // the window may have forgotten that it was open
  await code.lines.getByText('FROM base AS shop').waitFor();
  await code.status.locator('.codicon-warning').waitFor();
  assert.equal(await code.page.locator('.notification-list-item').count(), 0);
  assert.deepEqual(await starts(), []);
  await code.shot('again');
}

/** What is not what the checksum says is not kept. */
async function refuses() {
  await serve();
  served.damaged = true;
  await code.command('buildls: Get the Server');
  await press('Get buildls', 'Get it');
  await notice(`${url}/${name} is not what SHA256SUMS says of it`).filter({ hasText: 'Nothing was kept.' }).waitFor();
  await code.shot('refused');
  assert.deepEqual(await kept(), []);
  await code.command('Notifications: Clear All Notifications');
}

/** Half of it has come, and it is canceled. */
async function cancels() {
  Object.assign(served, { damaged: false, held: true });
  await code.command('buildls: Get the Server');
  await press('Get buildls', 'Get it');
  await until('half of it is sent', () => served.halved);
  await code.shot('getting');
  await press(`Getting buildls ${version}`, 'Cancel');
  await served.halved.left;
  assert.deepEqual(await kept(), []);
  await notice('Getting buildls').waitFor({ state: 'detached' });
  assert.equal(await code.page.locator('.notification-list-item').count(), 0);
}

/** It is got and starts, and mistakes are underlined. It is older than the extension, which is told. */
async function gets() {
  served.held = false;
  await code.command('buildls: Get the Server');
  await press('Get buildls', 'Get it');
  const program = join(code.data, 'User', 'globalStorage', 'buildls.buildls', `buildls-${version}`);
  await until('what was got starts', async () => (await starts()).includes(program));
  assert.deepEqual(await kept(), [`buildls-${version}`]);
  await notice(`The server is buildls v0.0.0. This extension is made for ${version}.`).waitFor();
  await code.shot('older');
  await underlines();
}

/** What was got is replaced, and nothing more is told. */
async function updates() {
  await code.command('Notifications: Show Notifications'); // a key of the scene before has hidden them
  await writeFile(join(code.data, 'User', 'globalStorage', 'buildls.buildls', 'buildls-v0.0.0'), 'older');
  served.program = BUILDLS;
  await press('The server is buildls v0.0.0', 'Get it');
  await until('the new one starts', async () => (await starts()).length === 2);
  assert.deepEqual(await kept(), [`buildls-${version}`]);
  assert.ok((await readFile((await starts())[1])).equals(await readFile(BUILDLS)));
  await underlines();
  await code.command('Notifications: Show Notifications');
  await code.page.locator('.notifications-center').getByText('No new notifications').waitFor();
  await code.shot('updated');
}

async function underlines() {
  await code.command('Problems: Focus on Problems View');
  await code.retype(line, 'RUM echo');
  await code.problem('RUM', `[Ln ${line}`).first().waitFor();
  await code.retype(line, 'RUN echo');
  await code.problem('RUM').waitFor({ state: 'detached' });
}

/** It says why, and the command does too. */
async function getsNothing() {
  const why = 'In a restricted window the extension gets no program';
  await notice(why).waitFor();
  await code.shot('restricted');
  await code.command('Notifications: Clear All Notifications');
  await code.command('buildls: Get the Server');
  await notice(why).getByText('Manage Trust', { exact: true }).waitFor();
}
