//! Several archives become one, or one is written anew without what nothing names any more. Frames are copied as they are: nothing is decoded, and certificates stay what they were.
//!
//! All of it is known beforehand, so headers say in front of frames where these will be: whoever loses the index, or the end, finds what is there with its certificate.

use super::compressor::WITH_HEADER;
use super::container::{RecordKind, head_bytes, put_record, put_trailer, record_bytes, superblock_of};
use super::decompressor::frame_of;
use super::frame::Frame;
use super::index::{ChunkEntry, EmbeddedEntry, FileEntry, Index};
use super::reader::Archive;
use crate::error::{Error, Result};
use crate::limits::Limits;
use crate::network::model::ModelId;
use crate::source::Source;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Bytes that are put out together.
const PIECE: usize = 1 << 16;

/// The place of a chunk in a file that no header in front names chunk by chunk.
const NO_PLACE: [u8; 1] = [0];

/// Writes one archive with the files of all, in order, a piece at a time. Besides their indexes no more is held in memory than a chunk and what is said of the files that share a header.
/// What lies in an archive and belongs to no file of it is left out, so that of one archive this makes the shortest that holds the same. The comment is that of the first that has one.
///
/// # Errors
/// [`Error::InvalidArgument`] when two archives have a file of one name; [`Error::LimitExceeded`] when together they are more than one may be; [`Error::ChecksumMismatch`] and other damage:
/// what is not whole has to be salvaged first; [`Error::Unreadable`]; what `put` returns.
pub fn merge<S: Source, E: From<Error>>(
    archives: &[(S, Archive)],
    limits: &Limits,
    mut put: impl FnMut(&[u8]) -> core::result::Result<(), E>,
) -> core::result::Result<(), E> {
    check_names(archives)?;
    let files = archives.iter().map(|(_, archive)| archive.index().files.len() as u64).sum();
    Limits::check("files", files, limits.files)?;
    let mut merger =
        Merger { archives, out: Out { put: &mut put, pending: superblock_of(0).to_vec(), end: 0 }, files: Vec::new(), moved: HashMap::new(), copied: 0 };
    merger.out.end = merger.out.pending.len() as u64;
    let models = merger.models()?;
    let mut group = Group::default();
    for (number, (_, archive)) in archives.iter().enumerate() {
        for entry in &archive.index().files {
            group.add(number, entry)?;
            if group.has_header() {
                merger.write(&core::mem::take(&mut group))?;
            }
        }
    }
    merger.write(&group)?;
    let comment = archives.iter().find_map(|(_, archive)| archive.comment()).map(str::to_owned);
    let index = Index { comment, models, ..Index::of(merger.files) }.to_payload()?;
    // Archives that are each within the limits need not be so together.
    Index::from_payload(&index, limits)?;
    merger.out.finish(&index)
}

fn check_names<S>(archives: &[(S, Archive)]) -> Result<()> {
    let mut before: HashSet<&str> = HashSet::new();
    for (_, archive) in archives {
        if let Some(name) = archive.files().find(|name| before.contains(name)) {
            return Err(Error::InvalidArgument { what: format!("two archives have a file {name:?}; rename one, so that both can be extracted") });
        }
        before.extend(archive.files());
    }
    Ok(())
}

/// What became of bytes that were put out.
type Written<E> = core::result::Result<(), E>;

/// Files that follow each other, which one header tells of.
#[derive(Default)]
struct Group<'a> {
    /// With the numbers of their archives.
    files: Vec<(usize, &'a FileEntry)>,
    /// Of their values.
    bytes: u64,
}

impl<'a> Group<'a> {
    fn add(&mut self, archive: usize, entry: &'a FileEntry) -> Result<()> {
        for variable in &entry.variables {
            self.bytes = self.bytes.saturating_add(variable.report(entry)?.raw_bytes);
        }
        self.files.push((archive, entry));
        Ok(())
    }

    /// Where there are few bytes of values, little is lost with the index, as in archives that are compressed.
    const fn has_header(&self) -> bool {
        self.bytes >= WITH_HEADER
    }
}

/// A chunk, and the number of its archive.
type Key = (usize, ChunkEntry);

/// What is copied for a group.
#[derive(Default)]
struct Plan {
    /// The chunks of each section, in the order of the index.
    sections: Vec<Vec<ChunkEntry>>,
    /// Those that are copied, in order.
    frames: Vec<Key>,
    /// How far behind the first record the frame of each of these begins.
    places: HashMap<Key, u64>,
    /// Bytes of all their records, and of these frames alone.
    length: u64,
    bytes: u64,
}

struct Merger<'a, S, E> {
    archives: &'a [(S, Archive)],
    out: Out<'a, E>,
    /// Entries of the new archive.
    files: Vec<FileEntry>,
    /// Where frames are that were copied, of the archives that are not done.
    moved: HashMap<Key, u64>,
    /// Bytes of all frames that were.
    copied: u64,
}

impl<S: Source, E: From<Error>> Merger<'_, S, E> {
    fn write(&mut self, group: &Group) -> Written<E> {
        let plan = self.plan(group)?;
        let (front, entries, before) = self.laid_out(group, &plan)?;
        self.out.append(&before)?;
        for (archive, chunk) in plan.frames {
            let (source, _) = self.archive(archive)?;
            let frame = frame_of(&chunk, source)?;
            Frame::read(&frame, "a chunk")?;
            let mut record = Vec::new();
            put_record(&mut record, RecordKind::Chunk, &[&NO_PLACE, &frame]);
            self.out.append(&record)?;
        }
        self.copied = self.copied.saturating_add(plan.bytes);
        let last = group.files.last().map(|(archive, _)| *archive);
        self.moved.extend(plan.places.into_iter().map(|(key, place)| (key, front + place)));
        self.moved.retain(|(archive, _), _| Some(*archive) == last);
        self.files.extend(entries);
        Ok(())
    }

    /// Writes the networks that lie in archives and that files take, each once, before all else: what is there of an archive that was cut off can be decoded.
    fn models(&mut self) -> core::result::Result<Vec<EmbeddedEntry>, E> {
        let mut models: Vec<EmbeddedEntry> = Vec::new();
        for (source, archive) in self.archives {
            for model in archive.models().into_iter().filter(|model| archive.embedded().any(|other| other == *model)) {
                if models.iter().any(|entry| entry.model == model.0) {
                    continue;
                }
                if let Some((_, file)) = archive.embedded_model(source, model)? {
                    let (offset, mut record) = (self.out.end, Vec::new());
                    put_record(&mut record, RecordKind::Model, &[&file]);
                    self.out.append(&record)?;
                    models.push(EmbeddedEntry { model: model.0, offset, length: record.len() as u64 });
                }
            }
        }
        Ok(models)
    }

    fn archive(&self, number: usize) -> Result<&(S, Archive)> {
        self.archives.get(number).ok_or_else(|| Error::corrupt("an archive is not there that files came from"))
    }

    fn plan(&self, group: &Group) -> Result<Plan> {
        let mut plan = Plan::default();
        for (number, entry) in &group.files {
            let (source, _) = self.archive(*number)?;
            for variable in &entry.variables {
                let shape = variable.shape(entry)?;
                for section in variable.sections(&shape)? {
                    let chunks = section.entry.chunks(section.count(variable), source)?;
                    for key in chunks.iter().map(|chunk| (*number, *chunk)) {
                        if !self.moved.contains_key(&key) {
                            plan.take(key);
                        }
                    }
                    plan.sections.push(chunks);
                }
            }
        }
        // Frames do not overlap, but an index may say so, and a few bytes would become many.
        let available = self.archives.iter().map(|(_, archive)| archive.end()).fold(0, u64::saturating_add);
        Limits::check("all frames together", self.copied.saturating_add(plan.bytes), available)?;
        Ok(plan)
    }

    /// Where the first record of a chunk begins, the entries of the files, and what comes before that record: tables that are long, and the header. As both say where frames are, room is made
    /// until they fit.
    fn laid_out(&self, group: &Group, plan: &Plan) -> Result<(u64, Vec<FileEntry>, Vec<u8>)> {
        let start = self.out.end;
        let mut front = start;
        loop {
            let (entries, mut before) = self.entries(group, plan, front)?;
            let mut header = if group.has_header() { Index::of(entries.clone()).to_header()? } else { Vec::new() };
            let needed = |header: &[u8]| before.len() as u64 + if header.is_empty() { 0 } else { record_bytes(header.len() as u64) };
            let room = front - start;
            let missing = needed(&header).saturating_sub(room);
            // Bytes behind what is deflated mean nothing.
            while !header.is_empty() && needed(&header) < room {
                header.push(0);
            }
            if needed(&header) == room {
                if !header.is_empty() {
                    put_record(&mut before, RecordKind::Header, &[&header]);
                }
                return Ok((front, entries, before));
            }
            front += missing.max(1);
        }
    }

    /// The entries of the files where the first record of a chunk begins there, and the records of their tables.
    fn entries(&self, group: &Group, plan: &Plan, front: u64) -> Result<(Vec<FileEntry>, Vec<u8>)> {
        let (mut entries, mut tables, mut sections) = (Vec::new(), Vec::new(), plan.sections.iter());
        for (archive, entry) in &group.files {
            let mut entry = (*entry).clone();
            for own in entry.variables.iter_mut().flat_map(|variable| &mut variable.sections) {
                let moved = |chunk: &ChunkEntry| {
                    let key = (*archive, *chunk);
                    let offset = self.moved.get(&key).copied().or_else(|| plan.places.get(&key).map(|place| front + place));
                    offset.map(|offset| ChunkEntry { offset, ..*chunk }).ok_or_else(|| Error::corrupt("a chunk is not there that was copied"))
                };
                let chunks = sections.next().into_iter().flatten().map(moved).collect::<Result<Vec<_>>>()?;
                *own = own.rewritten(&chunks, own.certificate.clone(), own.model.map(ModelId));
                own.move_table(|table| {
                    let offset = tables.len() as u64;
                    put_record(&mut tables, RecordKind::Table, &[table]);
                    (self.out.end + offset, tables.len() as u64 - offset)
                });
            }
            entries.push(entry);
        }
        Ok((entries, tables))
    }
}

impl Plan {
    /// Copies a chunk, behind the others, if it is not copied yet.
    fn take(&mut self, key: Key) {
        let (_, ChunkEntry { length, .. }) = key;
        let payload = length.saturating_add(NO_PLACE.len() as u64);
        let place = self.length.saturating_add(head_bytes(payload)).saturating_add(NO_PLACE.len() as u64);
        if let Entry::Vacant(entry) = self.places.entry(key) {
            entry.insert(place);
            self.frames.push(key);
            self.length = self.length.saturating_add(record_bytes(payload));
            self.bytes = self.bytes.saturating_add(length);
        }
    }
}

/// What is written, some of it together.
struct Out<'a, E> {
    put: &'a mut dyn FnMut(&[u8]) -> Written<E>,
    pending: Vec<u8>,
    /// Bytes in all.
    end: u64,
}

impl<E> Out<'_, E> {
    fn append(&mut self, bytes: &[u8]) -> Written<E> {
        self.pending.extend(bytes);
        self.end += bytes.len() as u64;
        if self.pending.len() >= PIECE { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Written<E> {
        let bytes = core::mem::take(&mut self.pending);
        (self.put)(&bytes)
    }

    fn finish(mut self, index: &[u8]) -> Written<E> {
        put_record(&mut self.pending, RecordKind::Index, &[index]);
        put_trailer(&mut self.pending, self.end);
        self.flush()
    }
}
