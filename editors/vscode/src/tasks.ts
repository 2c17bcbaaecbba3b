// Builds as tasks, so that they can be a preLaunchTask or have a key of their own. A
// task ends with 0 if the image was built.

import * as path from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { Build, Builds } from './builds';
import type { Started } from './contract';
import type { Server } from './server';
import { messageOf } from './words';

const type = 'buildls';
const names = '**/{[Dd]ockerfile,[Cc]ontainerfile,[Dd]ockerfile.*,[Cc]ontainerfile.*,*.[Dd]ockerfile,*.[Cc]ontainerfile}';
const most = 50;
/** A terminal that ends with an error sooner than this has, VS Code says, failed to launch. In milliseconds. */
const launching = 600;

export class Tasks implements vscode.TaskProvider {
  constructor(
    private readonly server: Server,
    private readonly builds: Builds,
  ) {}

  async provideTasks(): Promise<vscode.Task[]> {
    const files = await vscode.workspace.findFiles(names, '**/node_modules/**', most);
    return files.flatMap((file) => {
      const folder = vscode.workspace.getWorkspaceFolder(file);
      if (!folder || file.path.endsWith('.dockerignore')) return [];
      return this.task({ type, dockerfile: path.posix.relative(folder.uri.path, file.path) }, folder);
    });
  }

  resolveTask(task: vscode.Task): vscode.Task {
    return this.task(task.definition, task.scope, task.name);
  }

  private task(definition: vscode.TaskDefinition, scope: vscode.Task['scope'], name?: string): vscode.Task {
    const { dockerfile } = definition as { dockerfile?: string };
    const file = dockerfile ?? 'Dockerfile';
    const run = new vscode.CustomExecution((resolved) => Promise.resolve(new Run(this.server, this.builds, argumentOf(resolved, scope))));
    const task = new vscode.Task(definition, scope ?? vscode.TaskScope.Workspace, name ?? file, type, run, []);
    task.group = vscode.TaskGroup.Build;
    task.detail = `Builds the image of ${file}`;
    return task;
  }
}

/** What the definition says, as the argument of buildls.build. */
function argumentOf(definition: vscode.TaskDefinition, scope: vscode.Task['scope']): object {
  const { dockerfile = 'Dockerfile', ...rest } = definition;
  const argument: Record<string, unknown> = { ...rest };
  delete argument.type;
  const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
  const file = String(dockerfile);
  if (!folder && !path.isAbsolute(file)) throw new Error(`No folder is open that ${file} could be in.`);
  const uri = path.isAbsolute(file) || !folder ? vscode.Uri.file(file) : vscode.Uri.joinPath(folder.uri, file);
  return { ...argument, uri: uri.toString() };
}

/** One run of a task: the terminal that shows its log. Ctrl+C and closing it cancel the build. */
class Run implements vscode.Pseudoterminal {
  private readonly output = new vscode.EventEmitter<string>();
  private readonly closed = new vscode.EventEmitter<number>();
  readonly onDidWrite = this.output.event;
  readonly onDidClose = this.closed.event;
  private build: Build | undefined;

  constructor(
    private readonly server: Server,
    private readonly builds: Builds,
    private readonly argument: object,
  ) {}

  open(): void {
    void this.follow();
  }

  private async follow(): Promise<void> {
    const launched = pass(launching);
    const code = await this.run().catch((error: unknown) => {
      this.output.fire(`\x1b[31m${messageOf(error)}\x1b[0m\r\n`);
      return 1;
    });
    if (code !== 0) await launched;
    this.closed.fire(code);
  }

  private async run(): Promise<number> {
    const { id } = await this.server.execute<Started>('buildls.build', this.argument);
    this.build = this.builds.get(id);
    this.build.isShown = true;
    this.output.fire(this.build.transcript.text);
    const following = this.build.transcript.onWrite((text) => {
      this.output.fire(text);
    });
    const result = await this.build.ended;
    following.dispose();
    return result.status === 'succeeded' ? 0 : 1;
  }

  handleInput(data: string): void {
    if (data === '\x03') this.close();
  }

  close(): void {
    if (this.build && !this.build.result) void this.server.execute('buildls.cancel', { id: this.build.id });
  }
}
