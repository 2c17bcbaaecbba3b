// Debugging a build: the server itself is the debug adapter, so that what is debugged is
// the text as it is in the editor.

import * as vscode from 'vscode';
import { dockerfileOf } from './build';
import type { BuildArgument } from './contract';
import type { Server } from './server';

export class Debugging implements vscode.DebugConfigurationProvider, vscode.DebugAdapterDescriptorFactory, vscode.EvaluatableExpressionProvider {
  constructor(private readonly server: Server) {}

  register(): vscode.Disposable {
    return vscode.Disposable.from(
      vscode.debug.registerDebugConfigurationProvider('buildls', this),
      vscode.debug.registerDebugAdapterDescriptorFactory('buildls', this),
      vscode.languages.registerEvaluatableExpressionProvider('dockerfile', this),
    );
  }

  /** Called by F5; without a launch.json, the configuration is empty. */
  resolveDebugConfiguration(_folder: vscode.WorkspaceFolder | undefined, configuration: vscode.DebugConfiguration): vscode.DebugConfiguration | undefined {
    if (!vscode.workspace.isTrusted) {
      void vscode.window.showWarningMessage('buildls builds nothing in a restricted window.');
      return undefined;
    }
    const uri = dockerfileOf(undefined)?.toString();
    const names = ['uri', 'dockerfile', 'profile'].some((field) => configuration[field] !== undefined);
    return complete(names || uri === undefined ? configuration : { ...configuration, uri });
  }

  async createDebugAdapterDescriptor(): Promise<vscode.DebugAdapterDescriptor> {
    const { address } = await this.server.execute<{ address: string }>('buildls.debug');
    return new vscode.DebugAdapterNamedPipeServer(address);
  }

  /** A hover shows the value of $NAME and ${NAME} where the build stands. */
  provideEvaluatableExpression(document: vscode.TextDocument, position: vscode.Position): vscode.EvaluatableExpression | undefined {
    const range = document.getWordRangeAtPosition(position, /\$(?:\w+|\{\w+)/);
    if (!range) return undefined;
    return new vscode.EvaluatableExpression(range, `$${document.getText(range).replace(/^\$\{?/, '')}`);
  }
}

/** Debugs a build without a configuration of the author's. */
export async function debugBuild(argument: BuildArgument): Promise<void> {
  await vscode.debug.startDebugging(undefined, complete(argument));
}

function complete(argument: object): vscode.DebugConfiguration {
  return { type: 'buildls', request: 'launch', name: 'Debug Build', ...nonEmpty(argument) };
}

/** Without the empty fields of a configuration that F5 makes up. */
function nonEmpty(argument: object): object {
  return Object.fromEntries(Object.entries(argument).filter(([, value]) => value !== '' && value !== undefined));
}
