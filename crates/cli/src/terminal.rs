//! What is said, and where: results on standard output, all else on standard error. Work never stops because nobody listens.

use crate::failure::{Cause, Failure, Outcome};
use deepcomp::archive::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The first failure of standard output, which does not stop work but is told at its end.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints a line of a report. A reader that has gone, as behind `| head`, is no failure.
pub(crate) fn say(line: impl Display) {
    let line = line.to_string();
    print(if io::stdout().is_terminal() { shown(&line) } else { Cow::Borrowed(line.as_str()) }.as_bytes());
}

/// Prints a path: on a terminal as it can be shown, elsewhere byte for byte, since programs read it.
pub(crate) fn say_path(path: &Path) {
    if io::stdout().is_terminal() { say(path.display()) } else { print(path.as_os_str().as_encoded_bytes()) }
}

fn print(line: &[u8]) {
    let mut out = io::stdout().lock();
    lose(out.write_all(line).and_then(|()| out.write_all(b"\n")));
}

/// Prints bytes without a line of their own.
pub(crate) fn print_raw(bytes: &[u8]) {
    lose(io::stdout().write_all(bytes));
}

fn lose(result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != ErrorKind::BrokenPipe
    {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// What became of standard output.
pub(crate) fn printed() -> Outcome<()> {
    lose(io::stdout().flush());
    LOST.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), |error| Err(Cause::Output(error).into()))
}

/// Tells something on standard error; whether anyone reads it changes nothing.
pub(crate) fn warn(line: impl Display) {
    let _ = writeln!(io::stderr(), "deepcomp: {}", shown(&line.to_string()));
}

/// Text whose control characters, changes of direction and bytes that are no text are spelt out, so that a name cannot command a terminal or pose as another.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return text.into();
    }
    let mut out = String::new();
    for c in text.chars() {
        // Writing to a string does not fail.
        let _ = match c {
            c if !is_hidden(c) => out.write_char(c),
            '\u{EF80}'..='\u{EFFF}' => write!(out, "\\x{:02x}", c as u32 & 0xFF),
            c if c.is_ascii() => write!(out, "\\x{:02x}", c as u32),
            c => write!(out, "\\u{{{:x}}}", c as u32),
        };
    }
    out.into()
}

fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{EF80}'..='\u{EFFF}')
}

/// Lines of one kind that are told one by one; of more only how many there are.
const TOLD: usize = 8;

/// What happened to inputs that may be many.
pub(crate) struct Notices {
    bar: ProgressBar,
    counts: BTreeMap<&'static str, usize>,
}

impl Notices {
    pub(crate) fn new(bar: &ProgressBar) -> Self {
        Self { bar: bar.clone(), counts: BTreeMap::new() }
    }

    /// Tells of a file; `kind` goes with the number of those that are not told one by one.
    pub(crate) fn tell(&mut self, kind: &'static str, line: impl Display) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= TOLD {
            self.bar.suspend(|| warn(line));
        }
    }

    /// Tells of what was not told.
    pub(crate) fn end(&mut self) {
        for (kind, count) in std::mem::take(&mut self.counts) {
            if count > TOLD {
                self.bar.suspend(|| warn(format_args!("{} more: {kind}", count - TOLD)));
            }
        }
    }
}

/// Failures of single files, which leave the others alone.
pub(crate) struct Failures {
    notices: Notices,
    failed: usize,
}

impl Failures {
    pub(crate) fn new(bar: &ProgressBar) -> Self {
        Self { notices: Notices::new(bar), failed: 0 }
    }

    /// What failed of one file.
    pub(crate) fn add(&mut self, of_file: &[Failure]) {
        self.failed += usize::from(!of_file.is_empty());
        of_file.iter().for_each(|failure| self.notices.tell("failed likewise", failure));
    }

    /// An error if there were any.
    pub(crate) fn end(mut self, archive: &Path, all: usize) -> Outcome<()> {
        self.notices.end();
        let Self { failed, .. } = self;
        if failed == 0 { Ok(()) } else { Err(crate::failure::about(archive)(Cause::Incomplete { failed, all })) }
    }
}

/// A bar in bytes on a terminal, nothing in a pipe.
pub(crate) fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style)
}

/// Moves the bar.
pub(crate) fn show(bar: &ProgressBar, progress: Progress) {
    bar.set_length(progress.total_bytes);
    bar.set_position(progress.done_bytes);
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn names_cannot_command_a_terminal() {
        assert_eq!(shown("température (2 m)\u{1F30D}.nc"), "température (2 m)\u{1F30D}.nc");
        assert_eq!(shown("a\x1b[31m\n\u{202E}b\u{EFFF}"), "a\\x1b[31m\\x0a\\u{202e}b\\xff");
    }
}
