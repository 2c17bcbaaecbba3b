// The image of a build, running in a terminal. The server answers with a command line. It is
// a task: that keeps what a program printed which has ended, and says its exit code.

import * as vscode from 'vscode';
import type { Run } from './contract';
import { cut } from './words';

export async function runImage({ command: [program = '', ...args] }: Run, image: string): Promise<void> {
  const task = new vscode.Task(
    { type: 'buildls.run', id: args.join(' ') }, // no two are one
    vscode.TaskScope.Workspace,
    cut(`Run ${image}`.trim(), 30),
    'buildls',
    new vscode.ProcessExecution(program, args),
    [],
  );
  task.presentationOptions = { panel: vscode.TaskPanelKind.New, focus: true, echo: false };
  await vscode.tasks.executeTask(task);
}
