//! `ticketsmith config check | print`.

use super::DONE;
use crate::settings::{Loaded, Role};
use clap::Subcommand;
use std::process::ExitCode;

/// The settings: check them, or print each with where it came from.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Check the settings; every mistake is shown, with its place.
    Check,
    /// Print every setting, its value, and where it came from; secrets are masked.
    Print {
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
}

impl Config {
    pub(crate) fn run(&self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        match self {
            Self::Check => {
                loaded.settings(&[Role::All])?;
                println!("The settings are right.");
            }
            Self::Print { json: true } => println!("{}", serde_json::to_string_pretty(&loaded.shown())?),
            Self::Print { json: false } => {
                let shown = loaded.shown();
                let names = shown.iter().map(|it| it.setting.len()).max().unwrap_or(0);
                let values = shown
                    .iter()
                    .map(|it| it.value.chars().count())
                    .max()
                    .unwrap_or(0)
                    .min(48);
                for it in shown {
                    println!("{:names$}  {:values$}  {}", it.setting, it.value, it.from);
                }
                loaded.settings(&[Role::All])?;
            }
        }
        Ok(DONE)
    }
}
