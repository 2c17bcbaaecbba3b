// A build is debugged: stopped, looked into, stepped back in, edited and gone on with.

import { line } from './desk.mjs';
import { until, untilSeen } from './workbench.mjs';

let code;

export function scenes(workbench) {
  code = workbench;
  return { debugs };
}

const rows = (view) => code.page.locator(`${view} .monaco-list-row`);

/** Waits until the build stands at a line, counted from 1; the call stack then says so, too. */
async function stands(at, says = '') {
  await code.page.locator(`.debug-call-stack .monaco-list-row[aria-label*="line ${at},"]`).filter({ hasText: says }).first().waitFor();
  await code.page.locator('.debug-top-stack-frame-line').first().waitFor();
}

/** Presses a button of the debugger. */
async function press(button) {
  await code.page.locator(`.debug-toolbar .codicon-debug-${button}`).click();
}

/** Opens a row of a tree if it is shut, and waits for one below it. */
async function expand(view, text, below) {
  const row = rows(view).filter({ hasText: text }).first();
  await untilSeen(`${below} is seen below ${text}`, rows(view).filter({ hasText: below }).first(), async () => {
    if ((await row.getAttribute('aria-expanded')) !== 'true') await row.click();
  });
}

/** Turns the wheel until a row is there: a tree has no others than it shows. */
async function scrollTo(view, text) {
  await code.page.locator(view).hover();
  await until(`${text} is shown`, async () => {
    if ((await rows(view).filter({ hasText: text }).count()) > 0) return true;
    await code.page.mouse.wheel(0, 40);
    return false;
  });
}

/** Runs a command in the debug console, and waits for what it prints. */
async function console(command, says) {
  await code.command('Debug Console: Focus on Debug Console View');
  await code.page.locator('.repl-input-wrapper .monaco-editor.focused').waitFor();
  await code.keyboard.type(command);
  await code.keyboard.press('Escape'); // no completion takes the key
  await code.keyboard.press('Enter');
  await rows('.repl').filter({ hasText: says }).first().waitFor();
}

/** A file of the step opens by a link in the Variables view, as a document that cannot be written. */
async function opensAFile() {
  const view = '.debug-variables';
  await scrollTo(view, 'Files');
  await expand(view, 'Files', 'bin/');
  await scrollTo(view, 'proof');
  await rows(view).filter({ hasText: 'proof' }).locator('.value .link').click({ modifiers: ['ControlOrMeta'] });
  await code.page.locator('.editor-group-container.active .view-line').filter({ hasText: /^edited$/ }).waitFor();
  await code.shot('debug-file');
  await code.command('View: Close Editor');
}

async function debugs() {
  await code.openFile('Dockerfile');
  await code.retype(line, 'RUN echo typed >/proof; echo it-fails; exit 3');
  await code.goTo(line);
  await code.keyboard.press('F9');
  await code.page.locator('.codicon-debug-breakpoint').first().waitFor();
  await code.command('buildls: Debug Build');
  await stands(line);
  await expand('.debug-variables', 'Files', 'bin/');
  await expand('.debug-variables', 'Image', 'Directory');
  await code.shot('debugging');
  await console('echo $(pwd)$(ls -d bin)', '/bin');
  await press('step-back');
  await stands(5);
  await press('step-over');
  await stands(line);
  await press('step-over');
  await code.page.locator('.exception-widget').getByText('RUN failed with exit code 3').waitFor();
  await console('echo now $(cat /proof)', 'now typed');
  await code.shot('debug-failed');
  await code.retype(line, 'RUN echo edited >/proof');
  await press('restart');
  await code.page.locator('.exception-widget').waitFor({ state: 'detached' });
  await stands(line, 'RUN echo edited');
  await press('step-over');
  await stands(line, 'end of the stage');
  await console('echo now $(cat /proof)', 'now edited');
  await opensAFile();
  await press('continue');
  await code.page.locator('.debug-toolbar').waitFor({ state: 'hidden' });
  await code.command('Remove All Breakpoints');
  await code.openFile('Dockerfile');
}
