// The log of a build, the newest unless another is asked for, in a terminal, because
// terminals know colours and links.

import * as vscode from 'vscode';
import type { Builds } from './builds';
import { PlainLog } from './plainlog';
import type { Transcript } from './transcript';

const name = 'Build Image';
const none = 'Nothing has been built yet.\r\n';
const clear = '\x1b[2J\x1b[3J\x1b[H';

export class BuildLog implements vscode.Disposable {
  private readonly output = new vscode.EventEmitter<string>();
  private readonly listeners: vscode.Disposable[];
  private following: vscode.Disposable | undefined;
  private terminal: vscode.Terminal | undefined;
  private readonly plain = new PlainLog();
  private shown: Transcript | undefined;
  private isOpen = false;

  constructor(builds: Builds) {
    const links: vscode.TerminalLinkProvider<Link> = {
      provideTerminalLinks: (line) => linksIn(line.line, this.shown),
      handleTerminalLink: (link) => openLocation(link.location),
    };
    this.listeners = [
      builds.onStart((build) => {
        this.follow(build.transcript);
      }),
      vscode.window.onDidCloseTerminal((closed) => {
        if (closed === this.terminal) this.terminal = undefined;
      }),
      vscode.window.registerTerminalLinkProvider(links),
    ];
  }

  show(transcript = this.shown): void {
    if (transcript) this.follow(transcript);
    if (!vscode.workspace.isTrusted) {
      void this.plain.show(transcript?.text ?? none);
      return;
    }
    this.terminal ??= vscode.window.createTerminal({ name, iconPath: new vscode.ThemeIcon('package'), isTransient: true, pty: this.pty() });
    this.terminal.show(true);
  }

  private pty(): vscode.Pseudoterminal {
    return {
      onDidWrite: this.output.event,
      open: () => {
        this.isOpen = true;
        if (this.shown) this.follow(this.shown);
        else this.output.fire(none);
      },
      close: () => {
        this.isOpen = false;
      },
    };
  }

  private follow(transcript: Transcript): void {
    this.following?.dispose();
    this.shown = transcript;
    if (!this.isOpen) return;
    this.output.fire(clear + transcript.text);
    this.following = transcript.onWrite((text) => {
      this.output.fire(text);
    });
  }

  dispose(): void {
    this.following?.dispose();
    this.terminal?.dispose();
    this.plain.dispose();
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
