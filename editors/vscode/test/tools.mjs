// What stands around a build: choosing, the context, the engines, other extensions.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { folder, line } from './desk.mjs';
import { until } from './workbench.mjs';

let code;

export function scenes(workbench) {
  code = workbench;
  return { choosesAndRemembers, buildsAProfile, buildsOtherBuffers, buildsBeforeALaunch, showsAWalkthrough, showsTheContext, asksTheDoctor, selectsABuilder, isQuietBesideOthers, leavesTheTextToOthers };
}

/** A profile of the folder's compose file is offered, and built. */
async function buildsAProfile() {
  await code.command('Build Image: Choose Target/Profile/Options…');
  await code.item('api').filter({ hasText: 'compose.yaml' }).waitFor();
  await code.shot('profiles');
  await code.answer('api');
  await code.page.locator('.quick-input-widget').getByText('OK', { exact: true }).click();
  await until('the profile is built', async () => /built\b.*succeeded/.test((await code.log()).split('"target": "shop"')[1] ?? ''));
}

/** Stage and options are chosen; the next time they stand first. */
async function choosesAndRemembers() {
  await code.command('Build Image: Choose Target/Profile/Options…');
  await code.item('shop').waitFor();
  await code.shot('stages');
  await code.answer('base');
  await code.item('No cache').locator('input, .monaco-checkbox').first().click();
  await code.shot('options');
  await code.page.locator('.quick-input-widget').getByText('OK', { exact: true }).click();
  await code.lens(/Build · [\d.]+ s/);
  await code.command('Build Image: Same Options Again');
  await until('base is built twice', async () => (await code.log()).match(/"target": "base"/g)?.length === 2);
  await code.command('Build Image: Choose Target/Profile/Options…');
  await code.page.locator('.quick-input-list .monaco-list-row').first().filter({ hasText: 'base' }).waitFor();
  await code.keyboard.press('Escape');
}

/** A file of the context is built as it stands in its editor, too. */
async function buildsOtherBuffers() {
  await code.openFile('prices.txt');
  await code.retype(1, 'buffer');
  await code.openFile('Dockerfile');
  await code.retype(line, 'COPY prices.txt /');
  await code.command('Tasks: Run Task');
  await code.answer('image');
  const built = join(folder, 'out', 'prices.txt');
  assert.equal(await until(`${built} is there`, () => readFile(built, 'utf8').catch(() => undefined)), 'buffer\n');
  assert.equal(await readFile(join(folder, 'prices.txt'), 'utf8'), 'disk\n');
}

/** A program is launched when its image is built, and not if it is not. */
async function buildsBeforeALaunch() {
  await code.retype(line, 'COPY nothing.txt /');
  await code.command('Debug: Start Without Debugging');
  const warning = code.page.locator('.monaco-dialog-box').filter({ hasText: "after running preLaunchTask 'image'" });
  await warning.waitFor();
  await code.shot('not-launched');
  await warning.getByText('Abort', { exact: true }).click();
  await code.retype(line, 'COPY prices.txt /');
  await code.command('Debug: Start Without Debugging');
  assert.equal(await until('the program has run', () => readFile(join(folder, 'launched.txt'), 'utf8').catch(() => undefined)), 'buffer\n');
}

async function showsAWalkthrough() {
  await code.command('Welcome: Open Walkthrough...');
  await code.answer('Build your first image');
  await code.page.locator('.gettingStartedContainer').getByText('See where it will be built').click();
  await code.page.locator('.gettingStartedContainer').getByText('Ask the doctor').waitFor();
  await code.shot('walkthrough');
  await code.command('View: Close Editor');
  await code.tab('Dockerfile');
}

async function showsTheContext() {
  await code.command('Show Context');
  await code.tab('Build context');
  await code.lines.getByText('COPY prices.txt /, 1 file').waitFor();
  await code.shot('context');
  await code.command('View: Close Editor');
  await code.tab('Dockerfile');
}

async function asksTheDoctor() {
  await code.command('buildls: Doctor');
  await code.page.locator('.xterm-rows').getByText('embedded').first().waitFor();
  await code.shot('doctor');
}

/** The choice is written into the settings, and the status bar says it. */
async function selectsABuilder() {
  await code.status.click();
  await code.shot('menu');
  await code.answer('Select Builder');
  await code.item('embedded').first().waitFor();
  await code.shot('builders');
  await code.answer('embedded');
  const settings = join(code.data, 'Machine', 'settings.json'); // the side where the engines are
  await until('the setting is written', async () => /"buildls.engine": "embedded"/.test(await readFile(settings, 'utf8').catch(() => '')));
  await code.statusSays('embedded');
}

/** What another extension has underlined is not underlined again, unless one wants it. */
async function isQuietBesideOthers() {
  await code.command('Problems: Focus on Problems View');
  await code.retype(line, 'RUM echo\nMAINTAINER me');
  await code.problem('dockerfile-utils', 'RUM').waitFor();
  await code.problem('buildls', 'Maintainer instruction is deprecated').waitFor(); // it has been here
  await code.problem('buildls', 'RUM').waitFor({ state: 'detached' });
  await code.retype(line + 1, '');
  await code.retype(line, 'run echo; RUN echo');
  await code.problem('Docker DX', 'casing').waitFor();
  await code.problem('buildls', 'casing').waitFor({ state: 'detached' });
  await code.goTo(line);
  await code.keyboard.press('Home');
  await code.action('Write RUN');
  await code.shot('quiet');
  await code.keyboard.press('Escape');
  await code.writeSettings('{ "buildls.diagnostics.duplicates": "show" }');
  await code.problem('buildls', 'casing').waitFor();
}

/** Another extension completes: buildls does not, unless one wants it. */
async function leavesTheTextToOthers() {
  const items = code.page.locator('.suggest-widget .monaco-list-row');
  const suggest = async () => {
    await code.openFile('Dockerfile');
    await code.retype(line, 'WORK');
    await code.suggestion('WORKDIR of another');
  };
  await suggest();
  assert.equal(await items.getByText('WORKDIR /app').count(), 0);
  await code.keyboard.press('Escape');
  await code.writeSettings('{ "buildls.editing": "on" }');
  await until('buildls completes too', async () => {
    await suggest();
    const both = await items.getByText('WORKDIR /app').count();
    if (!both) await code.keyboard.press('Escape');
    return both > 0;
  });
  await code.shot('completions');
  await code.keyboard.press('Escape');
}
