//! What the program says of itself: version, completions, manual; and the amounts its options take.

use crate::Cli;
use crate::failure::{Cause, Outcome};
use crate::models;
use crate::terminal::print_raw;
use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use deepcomp::archive::FormatVersion;

/// What this build reads beyond what every build does.
const FEATURES: &str = "formats (NetCDF-4, GRIB, GeoTIFF, GIF, JPEG, WebP)";

/// Everything that decides which archives this program writes and opens.
pub(crate) fn version() -> String {
    let model = models::built_in().map_or_else(|e| e.to_string(), |model| format!("{} {}", model.name(), model.id()));
    format!("deepcomp {}\narchive format {}\nmodel {model}\nfeatures: {FEATURES}", env!("CARGO_PKG_VERSION"), FormatVersion::CURRENT)
}

pub(crate) fn completions(shell: Shell) -> Outcome<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "deepcomp", &mut script);
    print_raw(&script);
    Ok(())
}

/// The page of the program, and behind it what each command takes.
pub(crate) fn manual() -> Outcome<()> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page).map_err(Cause::from)?;
    for command in command.get_subcommands().filter(|c| c.get_name() != "help") {
        let man = Man::new(command.clone());
        man.render_synopsis_section(&mut page).map_err(Cause::from)?;
        man.render_description_section(&mut page).map_err(Cause::from)?;
        man.render_options_section(&mut page).map_err(Cause::from)?;
    }
    print_raw(&page);
    Ok(())
}

/// A number of bytes, as `8G`.
pub(crate) fn amount(text: &str) -> Result<u64, Cause> {
    let digits = text.trim_end_matches(['K', 'M', 'G', 'T', 'k', 'm', 'g', 't']);
    let power = match text.strip_prefix(digits) {
        Some("") => 0,
        Some("K" | "k") => 10,
        Some("M" | "m") => 20,
        Some("G" | "g") => 30,
        Some("T" | "t") => 40,
        _ => 64,
    };
    let amount = digits.parse::<u64>().ok().zip(1u64.checked_shl(power)).and_then(|(number, unit)| number.checked_mul(unit));
    amount.filter(|bytes| *bytes > 0).ok_or_else(|| Cause::NoAmount(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_bytes_or_powers_of_1024() {
        for (text, bytes) in [("1", 1), ("8G", 8 << 30), ("64k", 64 << 10), ("2T", 2 << 40)] {
            assert_eq!(amount(text).unwrap(), bytes);
        }
        for text in ["", "0", "G", "8GG", "-1", "1.5G", "99999999999T", "8B"] {
            assert!(amount(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
