// Where the server is: the setting, the PATH, the one in the package.

import { access, constants } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';

const program = process.platform === 'win32' ? 'buildls.exe' : 'buildls';

export async function findServer(context: vscode.ExtensionContext): Promise<string> {
  const setting = vscode.workspace.getConfiguration('buildls').get<string>('path', '');
  if (setting !== '') {
    if (await isProgram(setting)) return setting;
    throw new Error(`The setting buildls.path names ${setting}, which is not a program.`);
  }
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, program);
    if (path.isAbsolute(folder) && (await isProgram(file))) return file;
  }
  const bundled = context.asAbsolutePath(path.join('bin', program));
  if (await isProgram(bundled)) return bundled;
  throw new Error('There is no buildls on the PATH. Install it, or name it in the setting buildls.path.');
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
