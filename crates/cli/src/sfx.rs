//! `deepcomp sfx`: an archive as a page of its own. The npm package makes the same bytes of it (`selfExtracting`).

use crate::SfxArgs;
use crate::failure::{Cause, Outcome, about};
use crate::identity::Identity;
use crate::inputs;
use crate::models::Shelf;
use crate::output::{NewFile, is_standard_output};
use crate::temporary::Existing;
use crate::terminal::{say, warn};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use deepcomp::Limits;
use deepcomp::archive::Archive;
use std::borrow::Cow;
use std::path::Path;

/// The page without an archive, where it was there when this program was built.
#[cfg(viewer)]
const BUILT_IN: Option<&str> = Some(include_str!(concat!(env!("OUT_DIR"), "/viewer.html")));
#[cfg(not(viewer))]
const BUILT_IN: Option<&str> = None;

/// Around the module of the heavy formats in it, which stays where it is asked for; weights and archive follow it.
const PLACE: [&str; 2] = ["<!-- deepcomp:formats -->\n", "<!-- deepcomp:parts -->\n"];

/// Bytes of an archive that are put into a page: as text they are a third more, and browsers hold strings of at most 512 MiB.
const MOST: u64 = 1 << 28;

pub(crate) fn run(args: &SfxArgs) -> Outcome<()> {
    let limits = args.memory.limits();
    let bytes = inputs::read(&args.archive, &limits)?;
    let archive = Archive::open(&bytes, &limits).map_err(about(&args.archive))?;
    Limits::check("an archive in a page", bytes.len() as u64, MOST).map_err(about(&args.archive))?;
    if Identity::of(&args.archive).is_some_and(|own| Some(own) == Identity::of(&args.output)) {
        return Err(about(&args.output)(Cause::IsInput));
    }
    let page = template(args.viewer.as_deref(), &limits)?;
    let not_a_viewer = about(args.viewer.as_deref().unwrap_or(Path::new("viewer.html")));
    let (before, module, after) = split(&page).ok_or(Cause::NotAViewer).map_err(not_a_viewer)?;
    let mut parts = vec![before.to_owned()];
    if args.formats {
        parts.push(module.to_owned());
    }
    let shelf = Shelf::open(&args.models)?;
    // Those that lie in the archive are in the page with it.
    for model in archive.models().into_iter().filter(|model| archive.embedded().all(|embedded| embedded != *model)) {
        parts.push(part("weights", &model.to_string(), shelf.weights(model).map_err(about(&args.archive))?));
    }
    parts.extend([part("archive", &name(&args.archive), &bytes), after.to_owned()]);
    let mut out = NewFile::create(&args.output, Existing::Replace)?;
    for part in parts {
        out.write(part.as_bytes())?;
    }
    let length = out.finish()?;
    let line =
        format!("{}: {length} bytes, {} of them the archive as text; opens in any browser, without a network", args.output.display(), text_length(bytes.len()));
    if is_standard_output(&args.output) {
        warn(line)
    } else {
        say(line)
    }
    Ok(())
}

fn template(named: Option<&Path>, limits: &Limits) -> Outcome<Cow<'static, str>> {
    match (named, BUILT_IN) {
        (Some(path), _) => String::from_utf8(inputs::read(path, limits)?).map(Cow::Owned).map_err(|_| about(path)(Cause::NotAViewer)),
        (None, Some(page)) => Ok(Cow::Borrowed(page)),
        (None, None) => Err(Cause::NoViewer.into()),
    }
}

/// What comes before the module of the heavy formats, that, and what comes after the archive.
fn split(page: &str) -> Option<(&str, &str, &str)> {
    let [formats, parts] = PLACE;
    let (before, rest) = page.split_once(formats)?;
    let (module, after) = rest.split_once(parts)?;
    Some((before, module, after))
}

/// What the archive is called when it is saved from the page.
fn name(path: &Path) -> Cow<'_, str> {
    path.file_name().filter(|_| !inputs::is_standard_input(path)).map_or(Cow::Borrowed("archive.dca"), |name| name.to_string_lossy())
}

/// A block of data that browsers keep as text and do not run, and the line it ends with.
fn part(kind: &str, name: &str, bytes: &[u8]) -> String {
    let mut text = format!("<script type=\"application/octet-stream\" data-part=\"{kind}\" data-name=\"{}\" data-bytes=\"{}\">", attribute(name), bytes.len());
    BASE64_STANDARD.encode_string(bytes, &mut text);
    text.push_str("</script>\n");
    text
}

const fn text_length(bytes: usize) -> usize {
    4 * bytes.div_ceil(3)
}

/// A name that means nothing but itself in an attribute.
fn attribute(name: &str) -> String {
    let mut text = String::new();
    for c in name.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '"' => text.push_str("&quot;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\0'..='\x1f' | '\x7f' => text.push('_'),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{attribute, part, text_length};

    #[test]
    fn names_are_text_and_nothing_else() {
        assert_eq!(attribute("a\"><script>&\n.dca"), "a&quot;&gt;&lt;script&gt;&amp;_.dca");
    }

    #[test]
    fn a_part_is_a_block_of_data_on_a_line() {
        let expected = "<script type=\"application/octet-stream\" data-part=\"archive\" data-name=\"a.dca\" data-bytes=\"4\">3q2+7w==</script>\n";
        assert_eq!(part("archive", "a.dca", &[0xde, 0xad, 0xbe, 0xef]), expected);
        assert_eq!([0, 1, 2, 3, 4].map(text_length), [0, 4, 4, 4, 8]);
    }
}
