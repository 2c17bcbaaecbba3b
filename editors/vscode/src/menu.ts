// The menu behind the status bar: the palette's commands, as the manifest names them.

import * as vscode from 'vscode';

interface Contribution {
  command: string;
  title: string;
  icon: string;
  enablement?: string;
}

export async function showMenu(context: vscode.ExtensionContext, isBuilding: boolean): Promise<void> {
  const manifest = context.extension.packageJSON as { contributes: { commands: Contribution[]; menus: { commandPalette: { command: string; when: string }[] } } };
  const hidden = manifest.contributes.menus.commandPalette.filter((item) => item.when === 'false').map((item) => item.command);
  const items = manifest.contributes.commands
    .filter((c) => !hidden.includes(c.command))
    .filter((c) => c.enablement !== 'isWorkspaceTrusted' || vscode.workspace.isTrusted)
    .filter((c) => c.enablement !== 'buildls.building' || isBuilding)
    .map((c) => ({ label: `${c.icon} ${c.title}`, command: c.command }));
  const choice = await vscode.window.showQuickPick(items, { title: 'buildls' });
  if (choice) await vscode.commands.executeCommand(choice.command);
}
