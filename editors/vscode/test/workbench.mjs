// The workbench as an author uses it: keys, the mouse, and what is to be seen. Nothing
// sleeps; everything waits for what should appear.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

const { chromium } = await import(process.env.PLAYWRIGHT);
const { CODE_SERVER, CHROMIUM, ARTEFACTS } = process.env;

/** How long something may take to appear, in milliseconds: engines start, machines are busy. */
const patience = 60_000;

const settings = {
  'files.autoSave': 'off',
  'files.hotExit': 'off',
  'files.refactoring.autoSave': false,
  'editor.editContext': false,
  'editor.autoIndent': 'none',
  'editor.formatOnType': true,
  'editor.linkedEditing': true,
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.quickSuggestions': { other: 'off', comments: 'off', strings: 'off' },
  'editor.suggestOnTriggerCharacters': false,
  'editor.minimap.enabled': false,
  'workbench.startupEditor': 'none',
  'workbench.reduceMotion': 'on',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'window.commandCenter': false,
  'remote.autoForwardPorts': false,
  'task.saveBeforeRun': 'never',
  'debug.saveBeforeStart': 'none',
  'security.workspace.trust.startupPrompt': 'never',
  'security.workspace.trust.banner': 'never',
  'terminal.integrated.gpuAcceleration': 'off',
};

/** Starts code-server with the extensions and opens a folder in a browser. */
export async function open({ name, desk, folder, extensions, trust = true }) {
  const data = join(desk, `code-${name}`);
  const flags = ['--user-data-dir', data, '--extensions-dir', join(data, 'extensions')];
  await mkdir(join(data, 'User'), { recursive: true });
  await writeFile(join(data, 'User', 'settings.json'), JSON.stringify(settings));
  for (const extension of extensions) await codeServer([...flags, '--install-extension', extension]).ended;
  const port = await freePort();
  const quiet = ['--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'];
  if (trust) quiet.push('--disable-workspace-trust');
  const server = codeServer([...flags, ...quiet, '--bind-addr', `127.0.0.1:${port}`]);
  await answers(`http://127.0.0.1:${port}/healthz`);
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
  const page = await browser.newPage({ viewport: { width: 1100, height: 700 } });
  page.setDefaultTimeout(patience);
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}`);
  await page.locator('.monaco-workbench .part.statusbar').waitFor();
  return new Workbench({ name, page, browser, server, data });
}

function codeServer(args) {
  const env = { ...process.env, EXTENSIONS_GALLERY: '{}' };
  const child = spawn(process.execPath, [join(CODE_SERVER, 'out/node/entry.js'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  const ended = once(child, 'exit').then(async ([code]) => {
    await writeFile(join(ARTEFACTS, `code-server-${child.pid}.log`), said);
    if (code) throw new Error(`code-server ${args.join(' ')} ended with ${code}: ${said}`);
  });
  ended.catch(() => undefined);
  return { child, ended };
}

/** Whether there is a process, or of a negative id, any in its group. */
function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

async function answers(url) {
  await until(`${url} answers`, async () => (await fetch(url).catch(() => undefined))?.ok);
}

/** Asks again and again until the answer is true. */
export async function until(what, holds) {
  const late = Date.now() + patience;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > late) throw new Error(`not within ${patience / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Does something again and again until an element is seen. A key may get lost in a busy
 * workbench, and an extension that has just been activated cancels what others were asked.
 */
export async function untilSeen(what, element, act) {
  await until(what, async () => {
    await act();
    return element.waitFor({ timeout: 5000 }).then(
      () => true,
      () => false,
    );
  });
}

class Workbench {
  shots = 0;

  constructor(parts) {
    Object.assign(this, parts);
    const { page } = parts;
    this.keyboard = page.keyboard;
    this.status = page.locator('[id="buildls.buildls.buildls"]');
    this.lines = page.locator('.editor-instance .view-lines').first();
  }

  /** Chooses a command of the palette by its whole name. What cannot be called yet the palette does not show until it is opened again. */
  async command(name) {
    const row = this.item(name).first();
    await untilSeen(`the palette has ${name}`, row, async () => {
      await this.keyboard.press('Escape');
      await this.keyboard.press('F1');
      await this.page.locator('.quick-input-widget input[type=text]').waitFor();
      await this.keyboard.type(name);
    });
    await row.click();
  }

  /** Types into the quick input and takes the item of that name. */
  async answer(name) {
    const input = this.page.locator('.quick-input-widget input[type=text]');
    await input.waitFor();
    await this.keyboard.type(name);
    await this.item(name).first().click();
  }

  item(name) {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: name });
  }

  async openFile(name) {
    await this.keyboard.press('Control+P');
    await this.answer(name);
    await this.tab(name);
    await this.focus();
  }

  /** Waits until the editor of that name is the active one. */
  async tab(name) {
    await this.page.locator('.tab.active').filter({ hasText: name }).waitFor();
  }

  async focus() {
    await this.command('View: Focus Active Editor Group');
    await this.page.locator('.editor-instance .monaco-editor.focused').waitFor();
  }

  /** Puts the cursor into a line, counted from 1. */
  async goTo(line) {
    await this.focus();
    await this.keyboard.press('Control+G');
    await this.page.locator('.quick-input-widget input[type=text]').waitFor();
    await this.keyboard.type(String(line));
    await this.keyboard.press('Enter');
    await this.isAt(line);
  }

  async isAt(line) {
    await this.page.locator('.statusbar-item').filter({ hasText: `Ln ${line}, Col` }).waitFor();
  }

  /** Replaces a line's text by typing. */
  async retype(line, text) {
    await this.goTo(line);
    await this.keyboard.press('End');
    await this.keyboard.press('Shift+Home');
    await this.keyboard.press('Delete');
    await this.keyboard.type(text);
  }

  /** The code action of that title at the cursor. */
  action(title) {
    return this.offered('Control+.', '.action-widget', title);
  }

  /** The item of that text in the list of what may follow the cursor. */
  suggestion(text) {
    return this.offered('Control+Space', '.suggest-widget .monaco-list-row', text);
  }

  /** What has a text in the list that a key opens. */
  async offered(key, list, text) {
    const item = this.page.locator(list).getByText(text);
    await untilSeen(`${key} offers ${text}`, item, async () => {
      await this.keyboard.press('Escape');
      await this.keyboard.press(key);
    });
    return item;
  }

  /** A problem of the problems panel that has all these texts. */
  problem(...texts) {
    return texts.reduce((row, hasText) => row.filter({ hasText }), this.page.locator('.markers-panel-container .monaco-list-row'));
  }

  /** A row of the terminal that is seen. */
  terminal(hasText) {
    return this.page.locator('.xterm-rows > div').filter({ hasText, visible: true }).first();
  }

  /** All rows of the terminal that is seen, for what may stand in two of them. */
  screen(hasText) {
    return this.page.locator('.xterm-rows').filter({ hasText, visible: true });
  }

  /** Follows the link in a row of a terminal, as with Ctrl+click. */
  async follow(row, text) {
    const box = await row.boundingBox();
    const all = await row.textContent();
    const x = box.x + (box.width * (all.indexOf(text) + text.length / 2)) / all.length;
    const y = box.y + box.height / 2;
    await this.page.mouse.move(x, y - 40);
    await this.keyboard.down('Control');
    await this.page.mouse.move(x, y, { steps: 5 });
    await this.page.getByText('Go to the line').waitFor();
    await this.page.mouse.click(x, y);
    await this.keyboard.up('Control');
  }

  /** Writes the settings of the folder, in an editor. */
  async writeSettings(text) {
    await this.openFile('settings.json');
    await this.retype(1, text);
    await this.keyboard.press('Control+S');
    await this.page.locator('.tab.active:not(.dirty)').waitFor();
  }

  /** Waits for a lens that says so. */
  async lens(says) {
    await this.page.locator('.codelens-decoration').filter({ hasText: says }).first().waitFor();
  }

  /** What the extension has logged, also before the window was loaded again. */
  async log() {
    const logs = join(this.data, 'logs');
    const files = (await readdir(logs, { recursive: true })).filter((name) => name.endsWith('buildls.buildls/buildls.log'));
    return (await Promise.all(files.sort().map((file) => readFile(join(logs, file), 'utf8')))).join('');
  }

  async statusSays(pattern) {
    await this.status.filter({ hasText: pattern }).waitFor();
  }

  async shot(name) {
    this.shots++;
    await this.page.screenshot({ path: join(ARTEFACTS, `${this.name}-${String(this.shots).padStart(2, '0')}-${name}.png`) });
  }

  /** Closes the browser and the editor's side of it. They take all that they started with them, buildls too. */
  async quit() {
    await this.browser.close();
    const { pid } = this.server.child;
    this.server.child.kill('SIGTERM');
    await this.server.ended.catch(() => undefined);
    await until('the processes of the editor have ended', () => !isAlive(-pid));
  }
}
