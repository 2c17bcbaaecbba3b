// Where the server is: the setting, the PATH and Go's folder of programs, the package.

import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

const program = process.platform === 'win32' ? 'buildls.exe' : 'buildls';

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
  throw new Error('There is no buildls on the PATH, nor where `go install` puts it. Install it, or name it in the setting buildls.path.');
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
