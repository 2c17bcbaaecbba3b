// Stands in for Docker DX, which cannot be had without its marketplace: a diagnostic of
// BuildKit's rule, with the source that Docker DX gives its own.
const vscode = require('vscode');

exports.activate = (context) => {
  const published = vscode.languages.createDiagnosticCollection('duplicates');
  const check = (document) => {
    if (document.languageId !== 'dockerfile') return;
    const found = [];
    for (let i = 0; i < document.lineCount; i++) {
      const [word] = /^run/.exec(document.lineAt(i).text) ?? [];
      if (!word) continue;
      const d = new vscode.Diagnostic(new vscode.Range(i, 0, i, document.lineAt(i).text.length), "Command 'run' should match the casing of the others", vscode.DiagnosticSeverity.Warning);
      d.source = 'Docker DX (docker-language-server)';
      d.code = { value: 'ConsistentInstructionCasing', target: vscode.Uri.parse('https://docs.docker.com/go/dockerfile/rule/consistent-instruction-casing/') };
      found.push(d);
    }
    published.set(document.uri, found);
  };
  context.subscriptions.push(published, vscode.workspace.onDidChangeTextDocument((event) => check(event.document)));
  vscode.workspace.textDocuments.forEach(check);
};
