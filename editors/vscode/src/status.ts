// The status bar: where builds run; while one does, its step and percentage; how it
// ended, for a while. A click opens the menu.

import * as vscode from 'vscode';
import type { ProgressToken, WorkDoneProgressBegin, WorkDoneProgressEnd, WorkDoneProgressReport } from 'vscode-languageclient/node';
import type { Result } from './contract';
import { cut } from './words';

type Value = WorkDoneProgressBegin | WorkDoneProgressReport | WorkDoneProgressEnd;

/** How long an outcome stays, in milliseconds. */
const stays = 15_000;
const widest = 40;

export class Status implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('buildls', vscode.StatusBarAlignment.Left, 10);
  private readonly running = new Set<ProgressToken>();
  private outcome: NodeJS.Timeout | undefined;

  constructor(private readonly memory: vscode.Memento) {
    this.item.name = 'buildls';
    this.item.command = 'buildls.ui.menu';
    this.idle();
    this.item.show();
  }

  get isBuilding(): boolean {
    return this.running.size > 0;
  }

  progress(token: ProgressToken, value: Value): void {
    switch (value.kind) {
      case 'begin':
        this.running.add(token);
        this.show('$(package) 0 %', value.title);
        break;
      case 'report':
        this.show(`$(package) ${value.percentage ?? 0} % ${cut(value.message ?? '', widest)}`, value.message ?? '');
        break;
      case 'end':
        this.running.delete(token);
        if (this.running.size === 0 && !this.outcome) this.idle();
    }
    void vscode.commands.executeCommand('setContext', 'buildls.building', this.isBuilding);
  }

  ended(result: Result): void {
    if (result.engine !== '') void this.memory.update('engine', result.engine);
    const seconds = `${(result.durationMs / 1000).toFixed(1)} s`;
    switch (result.status) {
      case 'succeeded':
        this.show(`$(check) Built in ${seconds}`, `${result.tags.join(', ')}\non ${result.engine}`);
        break;
      case 'failed':
        this.show('$(error) Build failed', result.error?.message ?? '', 'statusBarItem.errorBackground');
        break;
      case 'canceled':
        this.show('$(circle-slash) Build canceled', '');
    }
    this.outcome = setTimeout(() => {
      this.idle();
    }, stays);
  }

  /** Says where builds run, as far as it is known without asking an engine. */
  idle(): void {
    const chosen = vscode.workspace.getConfiguration('buildls').get<string>('engine', 'auto');
    const engine = chosen === 'auto' ? this.memory.get<string>('engine', 'auto') : chosen;
    if (vscode.workspace.isTrusted) this.show(`$(package) ${cut(engine, widest)}`, `Images are built by ${engine}. Click for what can be done.`);
    else this.show('$(workspace-untrusted) checks only', 'In a restricted window nothing is built.');
  }

  broken(message: string): void {
    this.show('$(warning) buildls', message, 'statusBarItem.warningBackground');
  }

  private show(text: string, tooltip: string, background?: string): void {
    clearTimeout(this.outcome);
    this.outcome = undefined;
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.backgroundColor = background === undefined ? undefined : new vscode.ThemeColor(background);
  }

  dispose(): void {
    clearTimeout(this.outcome);
    this.item.dispose();
  }
}
