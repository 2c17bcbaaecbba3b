// check-manifests.cjs MANIFEST: what must hold for one of them, beyond that it can be read. Run
// by .ci/test-manifests in a folder with SHA256SUMS and manifests. The rules are ours, after the
// schemas and documentation of August 2026 of the projects; their schemas are not kept here.
const assert = require("assert");
const fs = require("fs");
const yaml = require("yaml");
const toml = require("smol-toml");

const text = (name) => fs.readFileSync("manifests/" + name, "utf8");
const json = (name) => JSON.parse(text(name));
const released = fs.readFileSync("SHA256SUMS", "utf8").trimEnd().split("\n").map((line) => line.slice(66));
const inRelease = (name) => assert(released.includes(name), `the release has no ${name}`);
const keys = (object, ...wanted) => assert.deepStrictEqual(Object.keys(object).sort(), wanted.sort());
const servers = { command: "buildls" };

const checks = {
  mason() {
    const it = yaml.parse(text("mason-registry/packages/buildls/package.yaml"));
    keys(it, "name", "description", "homepage", "licenses", "languages", "categories", "source", "schemas", "bin", "neovim");
    assert.match(it.source.id, /^pkg:github\/buildls\/buildls@v\d+\.\d+\.\d+/);
    for (const category of it.categories) assert(["DAP", "Formatter", "LSP", "Linter"].includes(category), category);
    const targets = it.source.asset.map((asset) => asset.target);
    assert.deepStrictEqual(targets, ["linux_x64", "linux_arm64", "darwin_x64", "darwin_arm64", "win_x64", "win_arm64"]);
    for (const { file, bin } of it.source.asset) {
      inRelease(file);
      assert.strictEqual(bin, file.endsWith(".gz") ? file.slice(0, -3) : "buildls.exe");
    }
    assert.deepStrictEqual(it.bin, { buildls: "{{source.asset.bin}}" });
    assert(text("mason-registry/packages/buildls/package.yaml").split("\n").every((line) => line.length <= 120));
  },
  zed() {
    const it = toml.parse(text("zed-dockerfile/extension.toml"));
    assert.deepStrictEqual(it.language_servers.buildls.languages, ["Dockerfile"]);
    const asset = /format!\("(buildls-\{os\}-\{arch\}\{suffix\}\.gz)"\)/.exec(text("zed-dockerfile/buildls.rs"))[1];
    for (const [os, suffix] of [["linux", ""], ["darwin", ""], ["windows", ".exe"]])
      for (const arch of ["amd64", "arm64"])
        inRelease(asset.replace("{os}", os).replace("{arch}", arch).replace("{suffix}", suffix));
  },
  helix() {
    const shown = fs.readFileSync(process.env.README, "utf8").matchAll(/^( *)```toml\n([^]*?)^\1```/gm);
    const [server, , debug] = [...shown].map(([, indent, code]) => code.replaceAll(new RegExp("^" + indent, "gm"), ""));
    assert.strictEqual(text("helix/languages.toml"), server + "\n" + debug);
    assert.deepStrictEqual(toml.parse(text("helix/languages.toml"))["language-server"], { buildls: servers });
  },
  lsp4ij() {
    const folder = "lsp4ij/src/main/resources/templates/lsp/buildls/";
    const it = json(folder + "template.json");
    keys(it, "id", "name", "programArgs", "languageMappings", "fileTypeMappings");
    assert.deepStrictEqual(it.programArgs, { default: "buildls" });
    for (const mapping of [...it.languageMappings, ...it.fileTypeMappings]) assert.strictEqual(mapping.languageId, "dockerfile");
    for (const file of ["settings.json", "initializationOptions.json"]) assert.deepStrictEqual(json(folder + file), {});
    const { github, output } = json(folder + "installer.json").run.download;
    keys(github.asset, "windows", "unix", "mac");
    for (const [os, assets] of Object.entries(github.asset))
      for (const [arch, file] of Object.entries(assets)) {
        inRelease(file);
        const { [os]: name } = output.file.name;
        assert.strictEqual(name[arch] ?? name, file.endsWith(".gz") ? file.slice(0, -3) : "buildls.exe");
      }
  },
  devcontainer() {
    const it = json("devcontainer/src/buildls/devcontainer-feature.json");
    assert.match(it.version, /^\d+\.\d+\.\d+/);
    assert.strictEqual(it.options.version.default, "latest");
    keys(it, "id", "version", "name", "description", "documentationURL", "licenseURL", "keywords", "options",
      "customizations", "installsAfter");
  },
  opencode() {
    const it = json("opencode/opencode.json");
    keys(it, "$schema", "lsp");
    assert.deepStrictEqual(it.lsp.dockerfile, { disabled: true });
    keys(it.lsp.buildls, "command", "extensions");
    assert.deepStrictEqual(it.lsp.buildls.command, ["buildls"]);
  },
  "claude-code"() {
    const it = json("claude-code/.claude-plugin/plugin.json");
    assert.match(it.name, /^[a-z0-9-]+$/);
    assert.match(it.version, /^\d+\.\d+\.\d+/);
    keys(it, "name", "version", "description", "author", "homepage", "repository", "license");
    for (const [extension, language] of Object.entries(json("claude-code/.lsp.json").buildls.extensionToLanguage)) {
      assert.match(extension, /^\.\w+$/);
      assert.strictEqual(language, "dockerfile");
    }
    keys(json("claude-code/.lsp.json").buildls, "command", "extensionToLanguage");
  },
  nix() {
    // process.env.NIX is what the flake says of each system, as JSON.
    const of = { "x86_64-linux": "linux-amd64", "aarch64-linux": "linux-arm64", "x86_64-darwin": "darwin-amd64", "aarch64-darwin": "darwin-arm64" };
    const systems = JSON.parse(process.env.NIX);
    keys(systems, ...Object.keys(of));
    const sums = fs.readFileSync("SHA256SUMS", "utf8").split("\n");
    for (const [system, { src, postFixup }] of Object.entries(systems)) {
      const file = `buildls-${of[system]}.tar.gz`;
      assert(src.url.endsWith("/" + file), src.url);
      assert(sums.includes(`${src.sha256}  ${file}`), `not the hash of ${file}`);
      assert.strictEqual(postFixup.includes("runc"), system.endsWith("linux"));
    }
  },
};
checks[process.argv[2]]();
