// The Builds view: what a build is made of, what a step left, and a shell in it.

import { line } from './desk.mjs';

let code;

export function scenes(workbench) {
  code = workbench;
  return { showsNothingYet, showsWhatFailed, opensAShell, readsFiles };
}

/** A row of the view that has all these texts; of several builds that of the newest. */
export function row({ page }, ...texts) {
  return texts.reduce((rows, hasText) => rows.filter({ hasText }), page.locator('.customview-tree .monaco-list-row')).first();
}

/** Clicks on a button in a row; it is there while the mouse is, and the row may be drawn anew under it. */
export async function press(at, name) {
  for (let tries = 20; ; tries--) {
    await at.hover();
    try {
      return await at.locator(`.action-label[aria-label="${name}"]`).click({ timeout: 3000 });
    } catch (error) {
      if (tries === 0) throw error;
    }
  }
}

async function showsNothingYet() {
  await code.command('Show Builds');
  await code.page.locator('.pane-body').getByText('Nothing has been built here yet.').waitFor();
  await code.shot('welcome');
}

/** The step that failed is there with its exit code; its log and its line, wherever that is by now, are one click away. */
async function showsWhatFailed() {
  await row(code, 'Dockerfile · shop').locator('.codicon-error').waitFor();
  await code.goTo(1);
  await code.keyboard.press('Home');
  await code.keyboard.type('# edited\n');
  await row(code, 'RUN echo buffer', 'exit 1').click();
  await code.isAt(line + 1);
  await code.goTo(1);
  await code.keyboard.press('Control+Shift+K');
  await press(row(code, 'RUN echo buffer'), 'Show Build Log');
  await code.terminal('ls: /shop').waitFor();
  await row(code, 'RUN echo buffer').hover();
  await code.page.locator('.monaco-hover:visible').getByText('Not cached').waitFor();
  await code.shot('builds');
}

/** A shell in the step that failed, by its lens and by its quick fix, sees what it wrote. */
async function opensAShell() {
  await code.goTo(line);
  await code.action('Open a shell in this step');
  await code.keyboard.press('Escape');
  await code.page.locator('.codelens-decoration a').getByText('▷ Shell').click();
  await inShell('echo wrote $(cat /proof)', 'wrote buffer', 'shell');
}

/** Types a command into the shell that has opened, waits for what it prints, and ends it. */
async function inShell(command, prints, name) {
  await code.terminal('What this step left').waitFor();
  await code.terminal('#').waitFor();
  await code.keyboard.type(command);
  await code.keyboard.press('Enter');
  await code.terminal(prints).waitFor();
  await code.shot(name);
  await code.keyboard.type('exit');
  await code.keyboard.press('Enter');
  await code.terminal('What this step left').waitFor({ state: 'detached' });
}

/** The question of a terminal without a shell, to which nothing is answered yet. */
const asksForAProgram = /A program of the image to run \(Enter closes\):\s*$/;

/** An image without a shell may have another program to run. */
async function runsAProgram() {
  await press(row(code, 'COPY busybox'), 'Open Shell');
  await code.terminal('this image has no /bin/sh').waitFor();
  await code.terminal(asksForAProgram).waitFor();
  await code.keyboard.type('/bin/busybox ls /bin');
  await code.keyboard.press('Enter');
  await code.terminal(/^busybox/).waitFor();
  await code.terminal(asksForAProgram).waitFor(); // again: a key before that is the program's
  await code.shot('program');
  await code.keyboard.press('Enter');
  await code.terminal('What this step left').waitFor({ state: 'detached' });
}

/** What a step wrote is read as it is; what is no text is said to be none. A shell after it sees the same. */
async function readsFiles() {
  await twist(row(code, 'COPY busybox'));
  await row(code, /^bin/).click();
  await row(code, 'busybox', 'MB').click();
  await code.lines.getByText('/bin/busybox is binary').waitFor();
  await twist(row(code, 'RUN echo buffer'));
  await row(code, 'var/cache').click();
  await row(code, '1000', '0 B').waitFor();
  await code.keyboard.press('End');
  await row(code, '100 more are not shown').waitFor();
  await code.keyboard.press('Home');
  await row(code, 'var/cache').click();
  await row(code, 'proof', '7 B').click();
  await code.tab('proof');
  await code.lines.getByText('buffer').waitFor();
  await press(row(code, 'RUN echo buffer'), 'Open Shell');
  await inShell('echo left $(ls /proof)', 'left /proof', 'files');
  await runsAProgram();
  await code.command('View: Close Editor');
  await code.tab('Dockerfile');
}

/** Opens a row whose click does something else. */
async function twist(at) {
  await at.locator('.monaco-tl-twistie').click();
}
