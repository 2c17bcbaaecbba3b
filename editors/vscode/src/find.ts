// Where the server is: the setting, the PATH and Go's folder of programs, the package, what was fetched.

import { access, constants, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

const suffix = process.platform === 'win32' ? '.exe' : '';
const program = `buildls${suffix}`;

/** There is no server anywhere. */
export class NoServer extends Error {}

export async function findServer(context: vscode.ExtensionContext): Promise<string> {
  const setting = vscode.workspace.getConfiguration('buildls').get<string>('path', '');
  if (setting !== '') {
    if (await isProgram(setting)) return setting;
    throw new Error(`The setting buildls.path names ${setting}, which is not a program.`);
  }
  for (const folder of folders()) {
    const file = path.join(folder, program);
    if (path.isAbsolute(folder) && (await isProgram(file))) return file;
  }
  const bundled = context.asAbsolutePath(path.join('bin', program));
  if (await isProgram(bundled)) return bundled;
  for (const file of await fetched(context)) if (await isProgram(file)) return file;
  throw new NoServer('There is no buildls on the PATH, nor where `go install` puts it. Choose "buildls: Get the Server", install it by hand, or name it in the setting buildls.path.');
}

/** Where the fetched server of this extension's version is, or will be. */
export function fetchedFile(context: vscode.ExtensionContext): string {
  return path.join(context.globalStorageUri.fsPath, `buildls-${versionOf(context)}${suffix}`);
}

/** The release that the extension is of, vX.Y.Z. */
export function versionOf(context: vscode.ExtensionContext): string {
  return `v${(context.extension.packageJSON as { version: string }).version}`;
}

export function isFetched(context: vscode.ExtensionContext, file: string): boolean {
  return path.dirname(file) === context.globalStorageUri.fsPath;
}

/** The servers that were fetched: this extension's version first. */
async function fetched(context: vscode.ExtensionContext): Promise<string[]> {
  const folder = context.globalStorageUri.fsPath;
  const names = await readdir(folder).catch(() => []);
  const others = names.filter((name) => /^buildls-v[\d.]+(\.exe)?$/.test(name)).map((name) => path.join(folder, name));
  return [fetchedFile(context), ...others.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))];
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where programs are. Go's folder is on few PATHs, and `go install` puts the server there. */
function folders(): string[] {
  const { PATH = '', GOBIN = '', GOPATH = '' } = process.env;
  const gopaths = (GOPATH || path.join(homedir(), 'go')).split(path.delimiter);
  return [...PATH.split(path.delimiter), GOBIN, ...gopaths.map((folder) => path.join(folder, 'bin'))];
}
