// Other extensions that complete, outline and rename in Dockerfiles. Where one of them is
// enabled and the setting `editing` leaves the choice, the text is theirs: what both would
// say stood there twice.

import * as vscode from 'vscode';

const editing = ['docker.docker', 'ms-azuretools.vscode-containers', 'ms-azuretools.vscode-docker'];

export function anotherEdits(): boolean {
  return editing.some((id) => vscode.extensions.getExtension(id) !== undefined);
}
