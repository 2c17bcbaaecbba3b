// The build that follows the text, in the status bar: whether one runs, and how the last one
// ended. Nothing else is shown of it but what it finds. A click turns it off.

import * as vscode from 'vscode';
import type { Followed } from './contract';

const looks: Record<Followed['status'], string> = {
  off: '',
  waiting: '$(eye)',
  building: '$(eye) building',
  succeeded: '$(eye) built',
  failed: '$(eye) failed',
  resting: '$(eye-closed) resting',
};

export class Following implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('buildls.following', vscode.StatusBarAlignment.Left, 9);

  constructor() {
    this.item.name = 'buildls: Build While Typing';
    this.item.command = 'buildls.ui.following';
  }

  /** Takes what the server says; "off" when there is no server. */
  show(now: Followed): void {
    if (now.status === 'off') {
      this.item.hide();
      return;
    }
    this.item.text = looks[now.status];
    this.item.tooltip = `${now.message ? `${now.message}\n` : ''}What you type in a Dockerfile is built when you pause. Click to turn it off.`;
    this.item.show();
  }

  /** Turns it on or off, where it was set: for the folder that is open, or for all. */
  async toggle(): Promise<void> {
    const settings = vscode.workspace.getConfiguration('buildls');
    const isOfFolder = settings.inspect('buildOn')?.workspaceValue !== undefined;
    const value = settings.get('buildOn') === 'type' ? 'command' : 'type';
    await settings.update('buildOn', value, isOfFolder ? vscode.ConfigurationTarget.Workspace : vscode.ConfigurationTarget.Global);
  }

  dispose(): void {
    this.item.dispose();
  }
}
