//! What zed-extensions/dockerfile gains as src/language_servers/buildls.rs. It was checked by
//! rustfmt alone, and never compiled: no crates can be had where it was written.
//!
//! In src/language_servers.rs: `mod buildls;` and `pub use buildls::*;`. In src/dockerfile.rs:
//! a field `buildls: Buildls`, which `new` fills with `Buildls::default()`, and in
//! `language_server_command`:
//!
//! ```
//! Buildls::LANGUAGE_SERVER_ID => self.buildls.command(language_server_id, worktree),
//! ```

use std::fs;

use zed_extension_api::{
    self as zed, settings::LspSettings, DownloadedFileType, GithubReleaseOptions, LanguageServerId,
    LanguageServerInstallationStatus as Status, Result, Worktree,
};

use crate::language_servers::util;

#[derive(Default)]
pub struct Buildls {
    downloaded: Option<String>,
}

impl Buildls {
    pub const LANGUAGE_SERVER_ID: &'static str = "buildls";

    /// The program of the settings, else the one on the PATH, else the newest release's.
    pub fn command(&mut self, id: &LanguageServerId, worktree: &Worktree) -> Result<zed::Command> {
        let binary = LspSettings::for_worktree(Self::LANGUAGE_SERVER_ID, worktree)
            .ok()
            .and_then(|settings| settings.binary);
        let (path, args, env) = match binary {
            Some(binary) => (binary.path, binary.arguments, binary.env),
            None => (None, None, None),
        };
        Ok(zed::Command {
            command: match path.or_else(|| worktree.which("buildls")) {
                Some(path) => path,
                None => self.download(id)?,
            },
            args: args.unwrap_or_default(),
            env: env.unwrap_or_default().into_iter().collect(),
        })
    }

    fn download(&mut self, id: &LanguageServerId) -> Result<String> {
        if let Some(path) = &self.downloaded {
            return Ok(path.clone());
        }
        zed::set_language_server_installation_status(id, &Status::CheckingForUpdate);
        let release = zed::latest_github_release(
            "buildls/buildls",
            GithubReleaseOptions {
                require_assets: true,
                pre_release: false,
            },
        )?;
        let (os, arch) = zed::current_platform();
        let (os, suffix) = match os {
            zed::Os::Mac => ("darwin", ""),
            zed::Os::Linux => ("linux", ""),
            zed::Os::Windows => ("windows", ".exe"),
        };
        let arch = match arch {
            zed::Architecture::Aarch64 => "arm64",
            zed::Architecture::X8664 => "amd64",
            zed::Architecture::X86 => return Err("there is no buildls for x86".to_string()),
        };
        let name = format!("buildls-{os}-{arch}{suffix}.gz");
        let asset = release
            .assets
            .iter()
            .find(|asset| asset.name == name)
            .ok_or_else(|| format!("release {} of buildls has no {name}", release.version))?;

        let folder = format!("{}-{}", Self::LANGUAGE_SERVER_ID, release.version);
        let path = format!("{folder}/buildls{suffix}");
        if !fs::metadata(&path).is_ok_and(|stat| stat.is_file()) {
            zed::set_language_server_installation_status(id, &Status::Downloading);
            fs::create_dir_all(&folder).map_err(|e| format!("cannot make {folder}: {e}"))?;
            zed::download_file(&asset.download_url, &path, DownloadedFileType::Gzip)?;
            zed::make_file_executable(&path)?;
            util::remove_outdated_versions(Self::LANGUAGE_SERVER_ID, &folder)?;
        }
        self.downloaded = Some(path.clone());
        Ok(path)
    }
}
