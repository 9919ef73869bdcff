//! Another text in a file that is there: where the old one was if it fits, else at the end of the file, with a directory of its own where the old has no such tag. Nothing else moves.

use super::form::Form;
use super::page::pages;
use super::structure::Structure;
use super::tags::kind;
use crate::formats::input::Input;
use crate::limits::Limits;

/// Room is made in multiples of this, so that the text of another time fits where this one was.
const ROOM: usize = 256;

/// Where a directory and its entry of the tag are.
struct Place {
    /// What points to the directory.
    pointer: u64,
    at: u64,
    /// Offset in the file, and bytes that the value may take there if it stands outside.
    entry: Option<(u64, u64)>,
    /// Offset of the first entry of a higher tag.
    before: u64,
    /// Bytes of the whole directory.
    length: u64,
}

/// The file with these texts, each as the tag of that number of one of its pictures, in order; none where offsets do not reach so far.
pub(crate) fn amend(mut file: Vec<u8>, number: u16, texts: &[Option<String>]) -> Option<Vec<u8>> {
    for (picture, text) in texts.iter().enumerate().filter_map(|(picture, text)| Some((picture, text.as_ref()?))) {
        let (form, place) = find(&file, number, picture)?;
        let mut value = with_room(text);
        match place.entry {
            Some((entry, room)) if value.len() as u64 <= room => {
                value.splice(value.len() - 1.., core::iter::repeat_n(b' ', room as usize - value.len())).for_each(drop);
                value.push(0);
                let offset = form.number(file.get(entry as usize + 4 + form.offset()..)?.get(..form.offset())?);
                put(&mut file, offset, &value)?;
            }
            entry => {
                let offset = append(&mut file, &value);
                let content =
                    [form.bytes(number.into(), 2), form.bytes(kind::ASCII.into(), 2), form.bytes(value.len() as u64, form.offset()), reach(form, offset)?]
                        .concat();
                match entry {
                    Some((entry, _)) => put(&mut file, entry, &content)?,
                    None => insert(&mut file, form, &place, &content)?,
                }
            }
        }
    }
    Some(file)
}

/// A text, blanks and the zero that ends it, in as much room as there is a whole number of.
fn with_room(text: &str) -> Vec<u8> {
    let mut value = text.as_bytes().to_vec();
    value.resize((value.len() + 1).next_multiple_of(ROOM) - 1, b' ');
    value.push(0);
    value
}

/// A directory with one entry more, at the end of the file.
fn insert(file: &mut Vec<u8>, form: Form, place: &Place, content: &[u8]) -> Option<()> {
    let width = if form.wide { 8 } else { 2 };
    let old = file.get(place.at as usize..)?.get(..place.length as usize)?;
    let (head, rest) = old.split_at_checked((place.before - place.at) as usize)?;
    let (count, entries) = head.split_at_checked(width)?;
    let new = [&form.bytes(form.number(count) + 1, width), entries, content, rest].concat();
    let at = append(file, &new);
    put(file, place.pointer, &reach(form, at)?)
}

fn find(file: &[u8], number: u16, picture: usize) -> Option<(Form, Place)> {
    let input = Input::from(file);
    let structure = Structure::parse(&input, &Limits::default()).ok()?;
    let form = structure.form;
    let at = pages(&structure).ok()?.get(picture)?.0.at;
    let (count, entry) = if form.wide { (8, 20) } else { (2, 12) };
    let mut pointer = form.offset() as u64;
    for directory in &structure.directories {
        let length = count + entry * directory.entries.len() as u64 + form.offset() as u64;
        if directory.at != at {
            pointer = directory.at + length - form.offset() as u64;
            continue;
        }
        let outside = |length: usize| if length > form.offset() { length as u64 } else { 0 };
        let found = directory.entry(number).map(|e| (e.at, outside(e.value.len())));
        let before = directory.entries.iter().find(|e| e.tag > number).map_or(at + length - form.offset() as u64, |e| e.at);
        return Some((form, Place { pointer, at, entry: found, before, length }));
    }
    None
}

/// Appends at an even offset, which is returned.
fn append(file: &mut Vec<u8>, bytes: &[u8]) -> u64 {
    file.resize(file.len().next_multiple_of(2), 0);
    let at = file.len() as u64;
    file.extend_from_slice(bytes);
    at
}

/// An offset; none where four bytes are too few.
fn reach(form: Form, offset: u64) -> Option<Vec<u8>> {
    (form.wide || u32::try_from(offset).is_ok()).then(|| form.bytes(offset, form.offset()))
}

fn put(file: &mut [u8], at: u64, bytes: &[u8]) -> Option<()> {
    file.get_mut(usize::try_from(at).ok()?..)?.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_stay_whole_and_end_in_zero() {
        for length in 0..3 * ROOM {
            let text = "x".repeat(length);
            let value = with_room(&text);
            assert!(value.starts_with(text.as_bytes()) && value.len().is_multiple_of(ROOM) && value.len() <= length + ROOM);
            assert!(value.get(length..).is_some_and(|rest| rest.strip_suffix(&[0]).is_some_and(|blanks| blanks.iter().all(|b| *b == b' '))), "{length}");
        }
    }
}
