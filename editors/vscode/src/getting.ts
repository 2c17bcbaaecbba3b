// Offers to get the server where there is none, and tells of one that is older than the extension.
// The network is asked after a click on "Get it" and never else.

import * as vscode from 'vscode';
import { fetchedFile, findServer, isFetched, NoServer, versionOf } from './find';
import { download, getProgram, keep, programOf, shown } from './release';
import type { Server } from './server';
import { messageOf } from './words';

const getIt = 'Get it';
const byHand = 'How to install it by hand';
const install = vscode.Uri.parse('https://github.com/buildls/buildls#install');

export class Getting {
  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly server: Server,
  ) {}

  /** Offers the server, once on this machine. */
  async offerOnce(): Promise<void> {
    if (await this.isFirst(vscode.workspace.isTrusted ? 'offered' : 'offered in a restricted window')) await this.offer();
  }

  /** Offers the server, as the command does, whenever it is wanted. */
  async offer(): Promise<void> {
    if (!vscode.workspace.isTrusted) return askForTrust();
    const there = await findServer(this.context).catch((error: unknown) => {
      if (error instanceof NoServer) return undefined;
      throw error;
    });
    if (there !== undefined && !isFetched(this.context, there)) {
      return explain('info', `buildls is ${there}. It is taken before one that the extension gets. Update it where it comes from.`);
    }
    await this.propose(there === undefined ? 'The server buildls is not on this machine.' : `The extension has got ${there} before.`);
  }

  /** Tells, once for each version of the extension, that the server that runs is older. */
  async tellIfOlder(): Promise<void> {
    const [running, ours] = [this.server.version, versionOf(this.context)];
    if (!isOlder(running, ours) || !(await this.isFirst(`older than ${ours}`))) return;
    const program = await this.server.program();
    const says = `The server is buildls ${running}. This extension is made for ${ours}.`;
    if (isFetched(this.context, program) && vscode.workspace.isTrusted) await this.propose(says);
    else await explain('info', `${says} Update ${program} where it comes from.`);
  }

  private async propose(why: string): Promise<void> {
    const version = versionOf(this.context);
    const place = vscode.workspace.getConfiguration('buildls').get<string>('releases', '');
    const url = programOf(version, place);
    const honest = (place ? ' The setting buildls.releases names this place.' : '') + (url.protocol === 'http:' ? ' It is reached without encryption.' : '');
    const choice = await vscode.window.showInformationMessage(`${why} Get buildls ${version} from ${shown(url)}?${honest}`, getIt, byHand);
    if (choice === byHand) await vscode.env.openExternal(install);
    if (choice === getIt) await this.get(url, version);
  }

  private async get(url: URL, version: string): Promise<void> {
    const options = { location: vscode.ProgressLocation.Notification, title: `Getting buildls ${version} from ${url.host}`, cancellable: true };
    const cancel = new AbortController();
    try {
      const program = await vscode.window.withProgress(options, (progress, token) => {
        token.onCancellationRequested(() => {
          cancel.abort();
        });
        return getProgram(url, (file) =>
          download(file, cancel.signal, (part) => {
            if (file === url) progress.report({ increment: 100 * part });
          }),
        );
      });
      await this.server.stop(); // Windows replaces no program that runs
      await keep(program, fetchedFile(this.context));
    } catch (error) {
      if (cancel.signal.aborted) return;
      return explain('error', `${messageOf(error)} Install buildls by hand, name it in the setting buildls.path, or install the extension's package (VSIX) that has it inside.`);
    }
    await vscode.commands.executeCommand('buildls.ui.restart');
  }

  /** Whether it is the first time that this is asked. */
  private async isFirst(key: string): Promise<boolean> {
    const first = !this.context.globalState.get<boolean>(key, false);
    if (first) await this.context.globalState.update(key, true);
    return first;
  }
}

/** Whether both versions are of releases, and the first is older. */
function isOlder(a = '', b: string): boolean {
  const [left, right] = [a, b].map((version) => /^v(\d+)\.(\d+)\.(\d+)$/.exec(version)?.slice(1).map(Number));
  if (!left || !right) return false;
  const i = left.findIndex((n, at) => n !== right[at]);
  return i >= 0 && (left[i] ?? 0) < (right[i] ?? 0);
}

async function explain(kind: 'info' | 'error', message: string): Promise<void> {
  const show = kind === 'info' ? vscode.window.showInformationMessage : vscode.window.showErrorMessage;
  if ((await show(message, byHand)) === byHand) await vscode.env.openExternal(install);
}

async function askForTrust(): Promise<void> {
  const manage = 'Manage Trust';
  const message = 'The server buildls is not on this machine. In a restricted window the extension gets no program: whoever wrote this folder should not make you run one. Trust the folder, or install buildls by hand.';
  const choice = await vscode.window.showWarningMessage(message, manage, byHand);
  if (choice === manage) await vscode.commands.executeCommand('workbench.trust.manage');
  if (choice === byHand) await vscode.env.openExternal(install);
}
