// Where builds run: choosing it, and asking the doctor.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import * as vscode from 'vscode';
import type { Server } from './server';

interface Diagnosis {
  candidates: { engine: string; setting: string; address?: string; version?: string; chosen: boolean; running: boolean; lacks?: string }[];
}

const run = promisify(execFile);
/** How long the doctor may look for engines, in milliseconds. */
const patience = 20_000;

export class Engines {
  constructor(private readonly server: Server) {}

  /** Has the author choose an engine, and writes the setting. */
  async select(): Promise<void> {
    const current = vscode.workspace.getConfiguration('buildls').get<string>('engine', 'auto');
    const items = this.items();
    const choice = await vscode.window.showQuickPick(items, { title: 'Select Builder', placeHolder: `Where images are built; now: ${current}`, matchOnDescription: true });
    if (!choice) return;
    const engine = choice.engine ?? (await this.address(current));
    if (engine === undefined || engine === '') return;
    await writeSetting(engine);
  }

  /** Shows the doctor's report in a terminal of its own. */
  async doctor(): Promise<void> {
    const chosen = vscode.workspace.getConfiguration('buildls').get<string>('engine', 'auto');
    const execution = new vscode.ProcessExecution(await this.server.program(), ['doctor', '--engine', chosen]);
    const task = new vscode.Task({ type: 'buildls-doctor' }, vscode.TaskScope.Workspace, 'Doctor', 'buildls', execution, []);
    task.presentationOptions = { clear: true, echo: false, showReuseMessage: false, focus: false };
    await vscode.tasks.executeTask(task);
  }

  private async items(): Promise<(vscode.QuickPickItem & { engine?: string })[]> {
    const { stdout } = await run(await this.server.program(), ['doctor', '--json'], { timeout: patience }).catch(readFailed);
    const found = (JSON.parse(stdout) as Diagnosis).candidates;
    return [
      { label: 'auto', description: 'the first that answers', engine: 'auto' },
      ...found.map((c) => ({
        label: `${c.lacks ? '$(circle-slash)' : '$(check)'} ${c.engine}`,
        description: c.version ?? '',
        detail: c.lacks ?? c.address ?? '',
        engine: c.setting,
      })),
      { label: 'Address…', description: 'builder:NAME, unix://, tcp://, ssh://, docker-container://' },
    ];
  }

  private address(current: string): Thenable<string | undefined> {
    return vscode.window.showInputBox({ title: 'Select Builder', prompt: 'builder:NAME, or the address of a buildkitd', value: current });
  }
}

/** The doctor ends with 1 if no engine answers, and says its findings all the same. */
function readFailed(error: unknown): { stdout: string } {
  const stdout = (error as { stdout?: string }).stdout;
  if (stdout?.startsWith('{')) return { stdout };
  throw error;
}

/** Writes where the setting stands now: an engine is the machine's matter, not the project's. */
async function writeSetting(engine: string): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('buildls');
  const inWorkspace = configuration.inspect('engine')?.workspaceValue !== undefined;
  const target = inWorkspace ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global;
  await configuration.update('engine', engine === 'auto' && !inWorkspace ? undefined : engine, target);
}
