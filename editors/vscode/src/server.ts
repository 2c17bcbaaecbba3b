// The server's process and the connection to it.

import type { Readable } from 'node:stream';
import * as vscode from 'vscode';
import type { LanguageClient, LanguageClientOptions, Middleware, StaticFeature } from 'vscode-languageclient/node';
import type { Builds } from './builds';
import type { Followed, Log, Result } from './contract';
import { findServer } from './find';
import type { Following } from './following';
import { Power } from './power';

/** Everything that the server may have something to say about. */
const documentSelector = ['file', 'untitled'].flatMap((scheme) => [
  ...['dockerfile', 'containerfile', 'dockercompose', 'dockerbake', 'dockerignore'].map((language) => ({ scheme, language })),
  { scheme, pattern: '**/{,*}.dockerignore' },
  { scheme, pattern: '**/{compose,docker-compose}*.{yml,yaml}' },
  { scheme, pattern: '**/docker-bake*.{hcl,json}' },
]);

/** Asks for the log and the results of builds, for shells in steps, to run images, for a debugger, and for the build that follows the text. */
const experimental: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    const buildls = { log: true, finished: true, shell: true, run: true, debug: true, following: true };
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), buildls };
  },
  getState: () => ({ kind: 'static' }),
  initialize: () => undefined,
  clear: () => undefined,
};

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<void> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly channel: vscode.LogOutputChannel,
    private readonly builds: Builds,
    private readonly following: Following,
    private readonly middleware: Middleware,
  ) {}

  start(): Promise<void> {
    return (this.starting ??= this.launch());
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.starting?.catch(() => undefined);
    const client = this.client;
    this.client = this.starting = undefined;
    await client?.dispose();
  }

  dispose(): void {
    void this.stop();
  }

  get isRunning(): boolean {
    return this.client?.isRunning() ?? false;
  }

  /** What the server that runs says of itself: vX.Y.Z, of no release something else. */
  get version(): string | undefined {
    return this.client?.initializeResult?.serverInfo?.version;
  }

  /** Where the server is, for what runs it in a terminal. */
  program(): Promise<string> {
    return findServer(this.context);
  }

  /** Calls a command of the server. Its errors are sentences for the author. */
  async execute<T>(command: string, argument: object = {}): Promise<T> {
    await this.start();
    if (!this.client?.isRunning()) throw new Error('The server does not run. See the output channel buildls.');
    return this.client.sendRequest<T>('workspace/executeCommand', { command, arguments: [argument] });
  }

  has(command: string): boolean {
    return this.client?.initializeResult?.capabilities.executeCommandProvider?.commands.includes(command) ?? false;
  }

  async notifySettings(): Promise<void> {
    await this.client?.sendNotification('workspace/didChangeConfiguration', { settings: null });
  }

  private async launch(): Promise<void> {
    const command = await this.program();
    const { LanguageClient, State } = await import('vscode-languageclient/node'); // large: not before it is needed
    this.channel.info(`starting ${command}`);
    const client = new LanguageClient('buildls', 'buildls', { command }, this.options());
    client.registerFeature(experimental);
    const power = new Power((battery) => client.sendNotification('buildls/power', { battery }));
    client.onNotification('buildls/log', (log: Log) => {
      this.builds.log(log);
    });
    client.onNotification('buildls/buildFinished', (result: Result) => {
      this.builds.end(result);
    });
    client.onNotification('buildls/following', (now: Followed) => {
      this.following.show(now);
      power.watch(now.status !== 'off');
    });
    client.onDidChangeState((change) => {
      if (change.newState !== State.Stopped) return;
      this.builds.lost();
      this.following.show({ status: 'off', uri: '', message: '' });
      power.watch(false);
    });
    this.client = client;
    await client.start();
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector,
      outputChannel: this.channel,
      middleware: this.middleware,
      stdioOptions: { stdout: () => undefined, stderr: logLines },
    };
  }
}

/** The server's log says how grave each line is; the channel has levels too. */
function logLines(input: Readable, channel: vscode.LogOutputChannel): void {
  let rest = '';
  input.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, level, message] = /^\S+\t(\w+)\t(.*)$/.exec(line) ?? [];
      if (level === 'debug') channel.debug(message ?? '');
      else if (level === 'info') channel.info(message ?? '');
      else if (level === 'error') channel.error(message ?? '');
      else channel.warn(message ?? line);
    }
  });
}
