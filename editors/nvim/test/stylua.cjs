// stylua.cjs [--write] STYLUA FILE…: says which Lua files stylua would write otherwise.
//
// STYLUA is the module of the package @johnnymorganz/stylua, which has no command line. It
// takes the settings of ../stylua.toml.
const fs = require("fs");
const path = require("path");

const files = process.argv.slice(2);
const write = files[0] === "--write" && !!files.shift();
const stylua = require(path.resolve(files.shift()));
const settings = fs.readFileSync(path.join(__dirname, "../stylua.toml"), "utf8");

// A config is used up by formatCode.
function config() {
  const config = stylua.Config.new();
  config.syntax = stylua.LuaVersion.LuaJIT;
  const names = { indent_type: stylua.IndentType, quote_style: stylua.QuoteStyle };
  for (const [, name, value] of settings.matchAll(/^(\w+) = (.+)$/gm)) {
    config[name] = names[name] ? names[name][JSON.parse(value)] : JSON.parse(value);
  }
  return config;
}

for (const file of files) {
  const text = fs.readFileSync(file, "utf8");
  const formatted = stylua.formatCode(text, config(), undefined, stylua.OutputVerification.Full);
  if (formatted === text) continue;
  if (write) {
    fs.writeFileSync(file, formatted);
  } else {
    console.log(`not formatted by stylua: ${file}`);
    process.exitCode = 1;
  }
}
