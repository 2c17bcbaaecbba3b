// A restricted window: Dockerfiles are checked, nothing is built, and the folder's
// settings choose neither the server nor the engine.

import assert from 'node:assert/strict';
import { line, settings } from './desk.mjs';

let code;

export function scenes(workbench) {
  code = workbench;
  return { checks, buildsNothing };
}

/** The folder names a server that is none, and another engine. */
export function prepare() {
  return settings({ 'buildls.path': '/nowhere/buildls', 'buildls.engine': 'docker' });
}

async function checks() {
  await code.statusSays('checks only');
  await code.command('Problems: Focus on Problems View');
  await code.retype(line, 'RUM echo buffer >/proof');
  await code.problem('RUM', `[Ln ${line}`).first().waitFor();
  await code.retype(line, 'RUN echo buffer >/proof');
  await code.problem('RUM').waitFor({ state: 'detached' });
  await code.lens('▷ Build');
  await code.shot('restricted');
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
  await code.keyboard.press('Escape');
}
