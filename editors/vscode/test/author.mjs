// What an author does, in the order of the table: a scene builds upon the one before.

import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as debugging from './debugging.mjs';
import { folder, line, onDisk } from './desk.mjs';
import * as inside from './inside.mjs';
import { until, untilSeen } from './workbench.mjs';

let code;

export function scenes(workbench) {
  code = workbench;
  const { showsNothingYet, showsWhatFailed, opensAShell, readsFiles } = inside.scenes(workbench);
  return { isThin, underlines, mends, completes, navigates, edits, practises, formats, showsNothingYet, buildsAndFails, linksItsLog, showsWhatFailed, opensAShell, buildsWhatIsTyped, readsFiles, runsIt, cancels, follows, ...debugging.scenes(workbench), quits };
}

/** The package holds what it needs, and nothing else. */
async function isThin() {
  const extensions = join(code.data, 'extensions');
  const installed = (await readdir(extensions)).find((name) => name.startsWith('buildls.buildls-'));
  const files = (await readdir(join(extensions, installed), { recursive: true })).filter((name) => !name.startsWith('.'));
  assert.ok(files.includes('dist/extension.js') && files.includes('images/icon.png') && files.includes('LICENSE.txt'), files.join());
  assert.ok(!files.some((name) => /node_modules|\.ts$|\.map$|^test/.test(name)), files.join());
}

/** A mistake is underlined while it is typed. */
async function underlines() {
  await code.command('Problems: Focus on Problems View');
  await code.retype(line, 'RUM echo buffer >/proof');
  await code.problem('RUM', `[Ln ${line}`).first().waitFor();
  await code.page.locator('.squiggly-error').first().waitFor();
  await code.shot('underlined');
}

/** A quick fix mends it. */
async function mends() {
  await code.goTo(line);
  await (await code.action('Change to RUN')).click();
  await code.problem('RUM').waitFor({ state: 'detached' });
  await code.lines.getByText('RUN echo buffer').waitFor();
}

/** Flags are completed, and files of the context. The settings of these tests open no list unasked. */
async function completes() {
  await code.retype(line, 'COPY --');
  await code.suggestion('--chown=');
  await code.page.locator('.parameter-hints-widget').getByText('COPY [flags]').waitFor();
  await code.shot('flags');
  await code.keyboard.press('Escape');
  await code.retype(line, 'COPY pri');
  await code.suggestion('prices.txt');
  await code.keyboard.press('Enter');
  await code.lines.getByText('COPY prices.txt').waitFor();
}

/** A source leads to its file and a name to its stage; a rename goes on into the compose file; the outline has the stages. */
async function navigates() {
  await code.retype(line, 'COPY prices.txt /');
  for (let i = 0; i < 4; i++) await code.keyboard.press('ArrowLeft');
  await code.keyboard.press('F12');
  await code.tab('prices.txt');
  await code.command('View: Close Editor');
  await code.tab('Dockerfile');
  await rename('store');
  await code.openFile('compose.yaml');
  await code.lines.getByText('target: store').waitFor();
  await code.openFile('Dockerfile');
  await rename('shop');
  await code.openFile('compose.yaml');
  await code.lines.getByText('target: shop').waitFor();
  await code.command('File: Revert File');
  await code.command('View: Close Editor');
  await code.tab('Dockerfile');
  await code.keyboard.press('Control+Shift+O');
  await code.item('shop').first().waitFor();
  await code.shot('outline');
  await code.keyboard.press('Escape');
  await code.keyboard.press('Control+T');
  await code.keyboard.type('api'); // behind a # that is there
  await code.item('api').filter({ hasText: 'compose.yaml' }).first().waitFor();
  await code.keyboard.press('Escape');
}

/** A hint, references, what a word is, folding, a wider selection, a word that stands twice, what follows from a key, and an ignore file. */
async function edits() {
  await code.openFile('tea.containerfile');
  await code.lines.getByText('= scratch').waitFor();
  await code.goTo(2);
  await code.keyboard.press('End');
  await code.keyboard.press('Shift+F12');
  await code.isAt(5); // the only one
  await code.goTo(3);
  await code.keyboard.press('Home');
  const hover = code.page.locator('.monaco-hover:visible').getByText('Execute build commands');
  await untilSeen('a hover says what RUN does', hover, async () => {
    await code.keyboard.press('Escape');
    await code.keyboard.press('Control+K');
    await code.keyboard.press('Control+I');
  });
  await code.keyboard.press('Escape');
  await code.keyboard.press('Control+Shift+BracketLeft');
  await code.lines.getByText('&& b').waitFor({ state: 'detached' });
  await code.keyboard.press('Control+Shift+BracketRight');
  await code.lines.getByText('&& b').waitFor();
  await code.keyboard.press('Shift+Alt+ArrowRight');
  await code.page.locator('.statusbar-item').filter({ hasText: /\(\d+ selected\)/ }).waitFor();
  await code.goTo(6);
  await code.keyboard.press('End');
  await code.page.locator('.linked-editing-decoration').first().waitFor();
  await code.keyboard.type('X');
  await code.lines.getByText(/^EOFX$/).waitFor();
  await code.goTo(4);
  await code.keyboard.press('End');
  await code.keyboard.type(' \\\n');
  await code.page.locator('.statusbar-item').filter({ hasText: 'Ln 5, Col 5' }).waitFor();
  await code.command('File: Revert File');
  await code.command('View: Close Editor');
  await code.openFile('.dockerignore');
  await code.retype(1, 'tea');
  await code.suggestion('keeps out 1 file');
  await code.shot('ignored');
  await code.keyboard.press('Escape');
  await code.command('File: Revert File');
  await code.command('View: Close Editor');
  await code.tab('Dockerfile');
}

/** What would build and is no good practice is told too: a fix mends one thing, a comment ignores another. */
async function practises() {
  await code.retype(line, 'RUN apt-get install git && pip install flask');
  await code.problem('DL3014', `[Ln ${line}`).waitFor();
  await code.problem('DL3013', `[Ln ${line}`).waitFor();
  await code.shot('practice');
  await quickFix('Add -y');
  await code.lines.getByText('RUN apt-get install -y git && pip install flask').waitFor();
  await code.problem('DL3014').waitFor({ state: 'detached' });
  await quickFix('Ignore rule DL3013 here');
  await code.lines.getByText('# buildls ignore=DL3013').waitFor();
  await code.problem('DL3013').waitFor({ state: 'detached' });
  await code.shot('ignoring');
  await code.command('File: Revert File');
}

/** Formatting lays out the text, and no command of it. */
async function formats() {
  await code.retype(line, 'run   echo  buffer');
  await code.command('Format Document');
  await code.lines.getByText('RUN echo buffer', { exact: true }).waitFor();
  await code.shot('formatted');
}

async function quickFix(title) {
  await code.goTo(line);
  await (await code.action(title)).click();
}

/** Renames the last stage. */
async function rename(name) {
  await code.goTo(5);
  await code.keyboard.press('End');
  await code.keyboard.press('F2');
  const input = code.page.locator('.rename-box input');
  await input.waitFor();
  await input.fill(name);
  await code.keyboard.press('Enter');
  await code.lines.getByText(`FROM base AS ${name}`).waitFor();
}

/** An unsaved buffer with a failing step: progress while it runs, then the error on its line. */
async function buildsAndFails() {
  await code.retype(line, 'RUN echo buffer >/proof; sleep 2; ls /shop');
  await code.keyboard.press('Control+Shift+Alt+B');
  await code.statusSays(/\d+ % .*RUN echo buffer/);
  await inside.row(code, 'RUN echo buffer', 'running').locator('.codicon-loading').waitFor();
  await code.shot('building');
  await code.statusSays('Build failed');
  await code.problem('exit code 1', `[Ln ${line}`).waitFor();
  await code.lens('failed');
  await code.lines.getByText('✗ exit 1').waitFor();
  await code.shot('failed');
}

/** The log names the line that failed, and leads to it. */
async function linksItsLog() {
  await code.goTo(1);
  await code.command('Show Build Log');
  const place = code.page.locator('.xterm-rows span').getByText(`Dockerfile:${line}`).first();
  await place.waitFor();
  await code.shot('log');
  await code.follow(place, `Dockerfile:${line}`);
  await code.isAt(line);
}

/** Mended and not saved, it builds; the image holds what the buffer says. */
async function buildsWhatIsTyped() {
  await code.retype(line, 'RUN echo buffer >/proof; mkdir -p /var/cache; cd /var/cache; touch $(seq 1100)');
  await code.command('Tasks: Run Task');
  await code.answer('image');
  await code.statusSays('Built in');
  assert.equal(await readFile(join(folder, 'out', 'proof'), 'utf8'), 'buffer\n');
  assert.equal(await readFile(join(folder, 'Dockerfile'), 'utf8'), onDisk, 'nobody has saved the Dockerfile');
  await code.problem('exit code').waitFor({ state: 'detached' });
  await code.lens(/Build · [\d.]+ s/);
  await code.lines.getByText('cached').first().waitFor();
  await code.shot('built');
}

/** What was built runs, by its lens and by the palette; what it printed and its exit code stay to be read. */
async function runsIt() {
  await code.retype(line, 'CMD echo served $((40 + 2)); exit 3');
  await code.keyboard.press('Control+Shift+Alt+B');
  await code.statusSays('Built');
  await code.page.locator('.codelens-decoration a').getByText('▷ Run').click();
  await code.terminal('in a container of the embedded engine').waitFor();
  await code.terminal('served 42').waitFor();
  await code.screen('exit code: 3').waitFor();
  await code.shot('run');
  await code.command('Terminal: Kill All Terminals');
  await code.terminal('served 42').waitFor({ state: 'detached' });
  await code.command('Run Image');
  await code.terminal('served 42').waitFor();
  await code.command('Terminal: Kill All Terminals');
}

/** The command ends the step, and so does the editor's own cancel. */
async function cancels() {
  const first = await buildLong('7390', () => code.page.locator('.codelens-decoration a').filter({ hasText: '▷ Build' }).last().click());
  await inside.press(inside.row(code, 'Dockerfile · shop'), 'Cancel Build');
  await code.statusSays('Build canceled');
  await gone(first);
  const step = await buildLong('7391', () => code.command('Build Image'));
  await code.page.locator('.statusbar-item').filter({ hasText: /^\s*Build coffee/ }).click();
  await code.page.locator('.notification-list-item').getByText('Cancel', { exact: true }).click();
  await code.statusSays('Build canceled');
  await gone(step);
  await code.lens('canceled');
  await code.shot('canceled');
}

/** What is typed is built, if that is turned on. A click on the eye turns it off. */
async function follows() {
  const eye = code.page.locator('[id="buildls.buildls.buildls.following"]');
  await code.command('Build While Typing: Turn On/Off');
  await code.command('Problems: Focus on Problems View');
  await code.retype(line, 'RUN echo buffer >/proof; exit 4');
  await eye.filter({ hasText: 'failed' }).waitFor();
  await code.problem('exit code 4', `[Ln ${line}`).waitFor();
  await code.shot('following');
  await code.retype(line, 'RUN echo buffer >/proof');
  await eye.filter({ hasText: 'built' }).waitFor();
  await code.problem('exit code 4').waitFor({ state: 'detached' });
  await eye.locator('a').click();
  await eye.waitFor({ state: 'hidden' });
}

/** Quitting in the middle of a build ends the step too. */
async function quits() {
  await code.command('View: Show Explorer');
  const step = await buildLong('7392', async () => {
    await code.page.locator('.explorer-folders-view').getByText('Dockerfile', { exact: true }).click({ button: 'right' });
    const item = code.page.locator('.context-view .action-label').getByText('Build Image', { exact: true });
    await item.waitFor();
    await until('the menu has taken the click', async () => { // a menu that has just opened takes none
      await item.click({ timeout: 1000 }).catch(() => undefined);
      return !(await item.isVisible());
    });
  });
  await code.quit();
  await gone(step);
}

/** Builds a step that sleeps, and waits until it does. seconds tells it from all others. */
async function buildLong(seconds, build) {
  await code.retype(line, `RUN sleep ${seconds}`);
  await build();
  return until(`a process sleeps ${seconds} s`, () => processOf(seconds));
}

async function gone(step) {
  await until(`process ${step.pid} has ended`, async () => (await processOf(step.seconds)) === undefined);
}

async function processOf(seconds) {
  for (const pid of await readdir('/proc')) {
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (argv[0] === 'sleep' && argv[1] === seconds) return { pid, seconds };
  }
  return undefined;
}
