// Stands in for Docker DX and Container Tools, which cannot be had without their
// marketplace: a diagnostic of BuildKit's rule, with the source that Docker DX gives its
// own, and an unknown instruction, as the server of Container Tools reports it; and a
// completion.
const vscode = require('vscode');

exports.activate = (context) => {
  const published = vscode.languages.createDiagnosticCollection('duplicates');
  const check = (document) => {
    if (document.languageId !== 'dockerfile') return;
    const found = [];
    for (let i = 0; i < document.lineCount; i++) {
      const { text } = document.lineAt(i);
      if (text.startsWith('RUM ')) {
        const d = new vscode.Diagnostic(new vscode.Range(i, 0, i, 3), 'Unknown instruction: RUM', vscode.DiagnosticSeverity.Error);
        found.push(Object.assign(d, { source: 'dockerfile-utils', code: 3 }));
      }
      if (!text.startsWith('run')) continue;
      const d = new vscode.Diagnostic(new vscode.Range(i, 0, i, text.length), "Command 'run' should match the casing of the others", vscode.DiagnosticSeverity.Warning);
      d.source = 'Docker DX (docker-language-server)';
      d.code = { value: 'ConsistentInstructionCasing', target: vscode.Uri.parse('https://docs.docker.com/go/dockerfile/rule/consistent-instruction-casing/') };
      found.push(d);
    }
    published.set(document.uri, found);
  };
  const items = { provideCompletionItems: () => [new vscode.CompletionItem('WORKDIR of another')] };
  context.subscriptions.push(vscode.languages.registerCompletionItemProvider('dockerfile', items));
  context.subscriptions.push(published, vscode.workspace.onDidChangeTextDocument((event) => check(event.document)));
  vscode.workspace.textDocuments.forEach(check);
};
