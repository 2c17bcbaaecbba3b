// The extension's entry. It wires the parts and registers the commands; the server is
// started without being waited for.

import * as vscode from 'vscode';
import { argumentOf, Builder, dockerfileOf } from './build';
import { Builds } from './builds';
import { ContextView } from './context';
import { debugBuild, Debugging } from './debug';
import { Engines } from './engines';
import { NoServer } from './find';
import { Following } from './following';
import { Getting } from './getting';
import { againOf, buildOf, Inside } from './inside';
import { BuildLog } from './log';
import { showMenu } from './menu';
import { middleware } from './middleware';
import { Picker } from './pick';
import { Quiet } from './quiet';
import { Server } from './server';
import { Status } from './status';
import { StepFiles } from './stepfiles';
import { Tasks } from './tasks';
import { BuildsView } from './view';
import { messageOf } from './words';

/** When the bundle began to be loaded; its first line says so. */
declare const loadedSince: number;
const loading = performance.now() - loadedSince;

let server: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const begun = performance.now();
  const channel = vscode.window.createOutputChannel('buildls', { log: true });
  const builds = new Builds();
  const status = new Status(context.workspaceState);
  const following = new Following();
  const quiet = new Quiet();
  const started = (server = new Server(context, channel, builds, following, middleware(status, quiet, builds)));
  const log = new BuildLog(builds);
  const view = new BuildsView(server, builds);
  const inside = new Inside(server, builds, log);
  const tasks = vscode.tasks.registerTaskProvider('buildls', new Tasks(server, builds));
  const builder = new Builder(server, log);
  const getting = new Getting(context, server);
  const begin = () => start(started, status, getting);
  builds.onEnd((build) => {
    if (build.result) status.ended(build.result);
    void builder.tell(build);
  });
  context.subscriptions.push(channel, status, following, quiet, log, view, new StepFiles(server).register(), tasks, new Debugging(started).register());
  void vscode.commands.executeCommand('setContext', 'buildls.active', true);
  registerCommands(context, started, builder, status, begin);
  register(context, {
    log: (clicked) => inside.showLog(clicked),
    line: (clicked) => inside.goToLine(clicked),
    shell: (clicked) => inside.openShell(clicked),
    debug: (clicked) => {
      const build = buildOf(clicked);
      return debugBuild(build ? againOf(build) : argumentOf(dockerfileOf(clicked)));
    },
    run: (clicked) => inside.run(clicked),
    refresh: () => {
      view.refresh();
    },
    following: () => following.toggle(),
    builds: () => vscode.commands.executeCommand('buildls.builds.focus'),
    get: () => getting.offer(),
  });
  followSettings(context, started, status, begin);
  void begin();
  channel.info(`activated in ${(loading + performance.now() - begun).toFixed(1)} ms`);
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}

async function start(server: Server, status: Status, getting: Getting): Promise<void> {
  try {
    await server.start();
    await attempt(() => getting.tellIfOlder());
  } catch (error) {
    status.broken(messageOf(error));
    if (error instanceof NoServer) return attempt(() => getting.offerOnce());
    const [install, settings] = ['How to Install', 'Open Settings'];
    const choice = await vscode.window.showErrorMessage(messageOf(error), install, settings);
    if (choice === install) await vscode.env.openExternal(vscode.Uri.parse('https://github.com/buildls/buildls#install'));
    if (choice === settings) await vscode.commands.executeCommand('workbench.action.openSettings', 'buildls.path');
  }
}

function registerCommands(context: vscode.ExtensionContext, server: Server, builder: Builder, status: Status, begin: () => Promise<void>): void {
  const picker = new Picker(server, context.workspaceState);
  const engines = new Engines(server);
  const view = new ContextView(server);
  context.subscriptions.push(view.register());
  register(context, {
    build: (clicked) => {
      const build = buildOf(clicked);
      return builder.build(build ? againOf(build) : argumentOf(dockerfileOf(clicked)));
    },
    choose: async (clicked) => {
      const chosen = await picker.choose(dockerfileOf(clicked));
      if (chosen) await builder.build(chosen);
    },
    again: (clicked) => {
      const uri = dockerfileOf(clicked);
      return builder.build(picker.last(uri) ?? argumentOf(uri));
    },
    cancel: (clicked) => builder.cancel(buildOf(clicked)?.id),
    context: (clicked) => view.show(dockerfileOf(clicked)),
    builder: () => engines.select(),
    doctor: () => engines.doctor(),
    menu: () => showMenu(context, status.isBuilding),
    restart: async () => {
      status.idle();
      await server.stop();
      await begin();
    },
  });
}

/** Registers commands by their names in the palette. */
function register(context: vscode.ExtensionContext, commands: Record<string, (clicked: unknown) => unknown>): void {
  for (const [name, run] of Object.entries(commands)) {
    context.subscriptions.push(vscode.commands.registerCommand(`buildls.ui.${name}`, (clicked: unknown) => attempt(() => run(clicked))));
  }
}

/** Runs a command; what the server says is wrong is shown once. */
async function attempt(run: () => unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    void vscode.window.showErrorMessage(messageOf(error));
  }
}

function followSettings(context: vscode.ExtensionContext, server: Server, status: Status, begin: () => Promise<void>): void {
  context.subscriptions.push(
    vscode.workspace.onDidChangeConfiguration(async (event) => {
      if (event.affectsConfiguration('buildls.engine')) status.idle();
      if (!event.affectsConfiguration('buildls.path')) return;
      await server.stop();
      await begin();
    }),
    vscode.extensions.onDidChange(() => server.notifySettings()), // see others.ts
    vscode.workspace.onDidGrantWorkspaceTrust(async () => {
      status.idle();
      if (server.isRunning) await server.notifySettings();
      else await vscode.commands.executeCommand('buildls.ui.restart'); // which may offer one, now
    }),
  );
}
