//! Files whose length is not known when they are begun: values come along one dimension, are coded a section at a time, and need not stay.

use super::compressor::{Compressor, Header};
use super::growing::{Growing, Stream};
use super::index::{FileEntry, Index, VariableEntry};
use super::plan::{Plan, plan};
use super::tiles::{Tiling, product};
use super::work::{Piece, Work};
use crate::error::{Error, Result};
use crate::field::{Dataset, ErrorBound, Values, Wish};

impl Compressor {
    /// Begins a file whose length along dimension number `dimension` is not known, and 0 in `header`: it is the first of the variables that have it. Values follow by
    /// [`Self::add_values`] as they come, of all variables about as many at a time, since a section is coded when all of them have one; and then [`Self::end_stream`]. Sections have so many indices along the dimension as `tiles` of the options say of it, or else as many as fill chunks.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when a file of that name is in the archive already, the one before was not ended, the dimension is not the first of a variable alone, or the bound is relative to a range, which nobody
    /// knows before the end.
    pub fn begin_stream(&mut self, mut header: Dataset, name: &str, dimension: usize) -> Result<()> {
        header.fields.iter_mut().for_each(|field| field.derived = None);
        let invalid = |what: String| Error::InvalidArgument { what };
        if header.dimensions.get(dimension).is_none_or(|d| d.length != 0) {
            return Err(invalid("a stream grows along a dimension of length 0".to_owned()));
        }
        for field in &header.fields {
            if field.dimensions.iter().skip(1).any(|own| *own == dimension) {
                return Err(invalid(format!("{:?} has the dimension that grows, and not as its first one", field.name)));
            }
            if matches!(self.options.bounds.wish(field), Wish::Bound(ErrorBound::Relative(_))) {
                return Err(invalid(format!(
                    "the range of {:?} is not known before its stream ends: give an absolute bound, or one relative to each value",
                    field.name
                )));
            }
        }
        self.check_ended()?;
        let variables = header.fields.iter().map(|field| {
            let grows = field.dimensions.first() == Some(&dimension);
            let each = product(field.shape.get(usize::from(grows)..).unwrap_or_default());
            Growing { grows, each, held: Values::empty(field.values.data_type()), coded: 0, chunks: 0 }
        });
        let stream =
            Stream { dimension, step: Stream::usual_step(&header, dimension, &self.options.tiles), start: 0, header: 0, variables: variables.collect() };
        self.begin(header.without_values(), name)?;
        self.stream = Some(stream);
        self.index.files.last_mut().into_iter().for_each(|file| file.variables = header.fields.iter().map(VariableEntry::header).collect());
        self.put_stream_header()
    }

    /// Adds values of variable number `variable` of the file that was begun: whole indices along the dimension that grows, or some of what it has without that.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when no stream was begun, or values are of another type or more than there may be; what [`Self::add_variable`] may give.
    pub fn add_values(&mut self, variable: usize, values: Values) -> Result<()> {
        let invalid = |what: &str| Error::InvalidArgument { what: what.to_owned() };
        let stream = self.stream.as_mut().ok_or_else(|| invalid("no stream was begun that values could be added to"))?;
        let growing = stream.variables.get_mut(variable).ok_or_else(|| invalid("values are of a variable that the stream does not have"))?;
        growing.held.append(&values).map_err(|_| invalid("values are of another type than their variable"))?;
        let (step, grows, each) = (stream.step, growing.grows, growing.each);
        if !grows {
            return if growing.held.len() <= each { Ok(()) } else { Err(invalid("a variable that does not grow got more values than it has")) };
        }
        // One after the other, so that it does not matter in which pieces values came.
        while let Some(stream) = &self.stream
            && stream.is_section_whole()
        {
            for variable in stream.growing() {
                self.code(variable, Some(step))?;
            }
        }
        Ok(())
    }

    /// Ends the file that was begun as a stream.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] when none was, or its variables did not get as many values as each other.
    pub fn end_stream(&mut self) -> Result<()> {
        let invalid = |what: String| Error::InvalidArgument { what };
        let Some(stream) = &self.stream else { return Err(invalid("no stream was begun".to_owned())) };
        let dimension = stream.dimension;
        let mut length = None;
        let names = self.header.iter().flat_map(|(header, ..)| &header.fields).map(|field| field.name.as_str());
        for (growing, name) in stream.variables.iter().zip(names) {
            let (held, each) = (growing.held.len(), growing.each.max(1));
            let (own, whole) = if growing.grows { (growing.coded + held / each, held % each == 0) } else { (0, growing.coded > 0 || held == growing.each) };
            if !whole || growing.grows && *length.get_or_insert(own) != own {
                return Err(invalid(format!("the stream ends within {name:?}, or has more of other variables")));
            }
        }
        let length = length.unwrap_or(0);
        let growing = stream.growing();
        for variable in (0..stream.variables.len()).filter(|variable| !growing.contains(variable)) {
            self.code(variable, None)?;
        }
        let coded = length - length % self.stream.as_ref().map_or(1, |stream| stream.step);
        if length > coded || length == 0 {
            // What is left is a section of another length, of which another header tells.
            if let Some(stream) = self.stream.as_mut() {
                (stream.start, stream.step, stream.header) = (coded, length - coded, 1);
                stream.variables.iter_mut().for_each(|growing| growing.chunks = 0);
            }
            self.put_stream_header()?;
            for variable in growing {
                self.code(variable, Some(length - coded))?;
            }
        }
        self.stream = None;
        if let (Some(file), Some((header, ..))) = (self.index.files.last_mut(), self.header.take()) {
            file.set_length(dimension, length as u64);
            debug_assert_eq!(header.fields.len(), file.variables.len());
        }
        Ok(())
    }

    /// The header of the sections that come, to be written before the first of their chunks.
    fn put_stream_header(&mut self) -> Result<()> {
        let (Some(stream), Some((header, ..)), Some(file)) = (&self.stream, &self.header, self.index.files.last()) else { return Ok(()) };
        let mut entry = FileEntry::header(header, &file.name, &self.options.tiles, &|variable, field| stream.section_shape(variable, field))?;
        entry.set_length(stream.dimension, stream.start as u64);
        let place = (self.index.files.len() - 1, stream.header);
        self.headers.insert(place, Header::Waiting(Index::of(vec![entry]).to_payload()?));
        Ok(())
    }

    /// Hands on so many indices of a variable, or all of what does not grow.
    fn code(&mut self, variable: usize, length: Option<usize>) -> Result<()> {
        let (Some(stream), Some((header, roles, _))) = (self.stream.as_mut(), self.header.as_ref()) else { return Ok(()) };
        let (Some(growing), Some(field)) = (stream.variables.get_mut(variable), header.fields.get(variable)) else { return Ok(()) };
        let mut field = field.clone();
        let count = length.map_or(growing.each, |length| length.saturating_mul(growing.each));
        field.values = growing.held.split_front(count);
        if let (Some(length), Some(first)) = (length, field.shape.first_mut()) {
            *first = length;
        }
        let piece = Piece { variable, header: stream.header, first: growing.chunks, length };
        if length.is_some() {
            let bytes = field.values.byte_len() as u64;
            self.data_bytes = self.data_bytes.saturating_add(bytes);
            self.total_bytes = self.total_bytes.saturating_add(bytes);
        }
        let suspects = self.options.bounds.settle_missing(roles, &mut field);
        let plan = plan((header, roles), &field, &self.options)?;
        let tiling = Tiling::fitted(&field.shape, &header.names(&field), &self.options.tiles)?;
        // Of a section the bound may be a large part of the range, and of the whole not.
        if !self.options.coarse && self.refusal.takes(&field, &Plan { coarse: None, ..plan.clone() }, &self.options) {
            return self.refusal.check();
        }
        let level = self.options.level.for_bytes(self.data_bytes);
        let mut work = Work::new((self.index.files.len() - 1, level), field, (plan, tiling), suspects);
        work.piece = Some(piece);
        growing.chunks += work.wanted;
        growing.coded += length.unwrap_or(1);
        self.pending.push_back(work);
        Ok(())
    }
}
