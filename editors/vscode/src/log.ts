// The log of the newest build, in a terminal, because terminals know colours and links.

import * as vscode from 'vscode';
import type { Build, Builds } from './builds';
import type { Transcript } from './transcript';

const name = 'Build Image';

export class BuildLog implements vscode.Disposable {
  private readonly output = new vscode.EventEmitter<string>();
  private readonly listeners: vscode.Disposable[];
  private following: vscode.Disposable | undefined;
  private terminal: vscode.Terminal | undefined;
  private isOpen = false;

  constructor(private readonly builds: Builds) {
    const links: vscode.TerminalLinkProvider<Link> = {
      provideTerminalLinks: (line) => linksIn(line.line, this.builds.newest?.transcript),
      handleTerminalLink: (link) => openLocation(link.location),
    };
    this.listeners = [
      builds.onStart((build) => {
        this.follow(build, '\x1b[2J\x1b[3J\x1b[H');
      }),
      vscode.window.onDidCloseTerminal((closed) => {
        if (closed === this.terminal) this.terminal = undefined;
      }),
      vscode.window.registerTerminalLinkProvider(links),
    ];
  }

  show(): void {
    this.terminal ??= vscode.window.createTerminal({ name, iconPath: new vscode.ThemeIcon('package'), isTransient: true, pty: this.pty() });
    this.terminal.show(true);
  }

  private pty(): vscode.Pseudoterminal {
    return {
      onDidWrite: this.output.event,
      open: () => {
        this.isOpen = true;
        const newest = this.builds.newest;
        if (newest) this.follow(newest, newest.transcript.text);
        else this.output.fire('Nothing has been built yet.\r\n');
      },
      close: () => {
        this.isOpen = false;
      },
    };
  }

  private follow(build: Build, before: string): void {
    this.following?.dispose();
    if (!this.isOpen) return;
    this.output.fire(before);
    this.following = build.transcript.onWrite((text) => {
      this.output.fire(text);
    });
  }

  dispose(): void {
    this.following?.dispose();
    this.terminal?.dispose();
    for (const listener of this.listeners) listener.dispose();
  }
}

class Link extends vscode.TerminalLink {
  constructor(start: number, length: number, readonly location: vscode.Location) {
    super(start, length, 'Go to the line');
  }
}

function linksIn(line: string, transcript: Transcript | undefined): Link[] {
  const links: Link[] = [];
  for (const [label, location] of transcript?.links ?? []) {
    const start = line.indexOf(label);
    if (start >= 0) links.push(new Link(start, label.length, location));
  }
  return links;
}

export async function openLocation(location: vscode.Location): Promise<void> {
  await vscode.window.showTextDocument(location.uri, { selection: location.range });
}
