// A restricted window: Dockerfiles are checked, nothing is built, and the folder's
// settings choose neither the server nor the engine.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BUILDLS, folder, line, settings } from './desk.mjs';
import { press, row } from './inside.mjs';

const { XDG_STATE_HOME } = process.env;

let code;

export function scenes(workbench) {
  code = workbench;
  return { checks, buildsNothing, showsBuilds };
}

/** The folder names a server that is none, and another engine. Nothing has been built in it. */
export async function prepare() {
  await rm(join(XDG_STATE_HOME, 'buildls'), { recursive: true, force: true });
  await settings({ 'buildls.path': '/nowhere/buildls', 'buildls.engine': 'docker', 'buildls.buildOn': 'type' });
}

async function checks() {
  await code.statusSays('checks only');
  await code.command('Problems: Focus on Problems View');
  await code.retype(line, 'RUM echo buffer >/proof');
  await code.problem('RUM', `[Ln ${line}`).first().waitFor();
  await code.retype(line, 'RUN echo buffer >/proof');
  await code.problem('RUM').waitFor({ state: 'detached' });
  await code.lens('▷ Build');
}

async function buildsNothing() {
  await code.page.locator('.codelens-decoration a').filter({ hasText: '▷ Build' }).first().click();
  await code.page.locator('.notification-list-item').getByText('builds nothing in a restricted window').waitFor();
  assert.equal(await code.page.locator('.codelens-decoration').filter({ hasText: 'running' }).count(), 0);
  await code.keyboard.press('F1');
  await code.page.locator('.quick-input-widget input[type=text]').waitFor();
  await code.keyboard.type('buildls: ');
  await code.item('Show Build Log').waitFor();
  assert.equal(await code.item('Build Image').count(), 0);
  assert.equal(await code.item('Run Image').count(), 0);
  await code.keyboard.press('Escape');
}

/** What was built elsewhere is shown, with its log; it is not built again, and nothing is run in it. */
async function showsBuilds() {
  await code.command('Show Builds');
  await code.page.locator('.pane-body').getByText('nothing is built').waitFor();
  await promisify(execFile)(BUILDLS, ['build', '.'], { cwd: folder });
  await code.page.locator('.action-label[aria-label="Refresh"]').filter({ visible: true }).click();
  const build = row(code, 'Dockerfile');
  await press(build, 'Show Build Log');
  await code.tab('Build log');
  await code.lines.getByText('Built in').waitFor();
  await build.hover();
  await build.locator('.action-item.disabled .codicon-play').waitFor();
  const step = row(code, 'RUN echo disk');
  await step.hover();
  await step.locator('.action-label[aria-label="Show Build Log"]').waitFor();
  assert.equal(await step.locator('.action-label[aria-label="Open Shell"]').count(), 0);
  assert.equal(await step.getAttribute('aria-expanded'), null, 'a step of an earlier session has no files');
  await code.shot('restricted');
}
