# The programs of release @VERSION@, taken by their hashes. .ci/manifests makes this file.
# Tried with Nix 2.8 and a stand-in for nixpkgs: outputs and hashes, but no package was built.
{
  description = "buildls, a language server that builds container images";
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs = { nixpkgs, ... }:
    let
      releases = {
        x86_64-linux = { of = "linux-amd64"; sha256 = "@SHA256:buildls-linux-amd64.tar.gz@"; };
        aarch64-linux = { of = "linux-arm64"; sha256 = "@SHA256:buildls-linux-arm64.tar.gz@"; };
        x86_64-darwin = { of = "darwin-amd64"; sha256 = "@SHA256:buildls-darwin-amd64.tar.gz@"; };
        aarch64-darwin = { of = "darwin-arm64"; sha256 = "@SHA256:buildls-darwin-arm64.tar.gz@"; };
      };
      package = pkgs: { of, sha256 }: pkgs.stdenvNoCC.mkDerivation {
        pname = "buildls";
        version = "@NUMBER@";
        src = pkgs.fetchurl {
          url = "https://github.com/buildls/buildls/releases/download/@VERSION@/buildls-${of}.tar.gz";
          inherit sha256;
        };
        sourceRoot = ".";
        nativeBuildInputs = [ pkgs.installShellFiles pkgs.makeWrapper ];
        installPhase = ''
          install -Dm755 buildls -t $out/bin
          installManPage man/*
          installShellCompletion completions/buildls.{bash,fish,zsh}
        '';
        # The embedded engine, which is for Linux, runs the steps of a build with runc.
        postFixup = pkgs.lib.optionalString pkgs.stdenv.hostPlatform.isLinux ''
          wrapProgram $out/bin/buildls --suffix PATH : ${pkgs.lib.makeBinPath [ pkgs.runc ]}
        '';
        meta = {
          description = "Language server that builds container images";
          homepage = "https://github.com/buildls/buildls";
          license = pkgs.lib.licenses.asl20;
          mainProgram = "buildls";
          platforms = builtins.attrNames releases;
          sourceProvenance = [ pkgs.lib.sourceTypes.binaryNativeCode ];
        };
      };
    in
    {
      packages = builtins.mapAttrs
        (system: release: rec {
          buildls = package nixpkgs.legacyPackages.${system} release;
          default = buildls;
        })
        releases;
    };
}
