//! How a text is laid out: what stands between cells, names and labels, and what is a number.

/// How many lines tell of what kind a table is.
const SAMPLE_LINES: usize = 8;

/// Whether a line has neither numbers nor names.
pub(super) fn is_aside(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with('#')
}

/// How the text is laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// What stands between cells; a space is any number of spaces.
    pub(super) delimiter: char,
    /// Whether the decimal point is a comma.
    pub(super) comma: bool,
    pub(super) header: bool,
    /// Whether the first column is labels or coordinates.
    pub(super) labels: bool,
    pub(super) columns: usize,
}

impl Form {
    /// What the first lines look like; none when they are no table.
    pub(super) fn new(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.trim_start_matches('\u{feff}').lines().filter(|line| !is_aside(line)).take(SAMPLE_LINES).collect();
        let delimiter = [';', '\t', ','].into_iter().find(|d| lines.iter().all(|line| line.contains(*d))).unwrap_or(' ');
        let mut form = Self { delimiter, comma: false, header: false, labels: false, columns: 0 };
        let (first, rest) = lines.split_first()?;
        // Names in the first line may have points.
        let pointed = form.cells(first).any(|cell| cell.contains('.') && form.number(cell).is_some()) || rest.iter().any(|line| line.contains('.'));
        form.comma = delimiter == ';' && lines.iter().any(|line| line.contains(',')) && !pointed;
        let top: Vec<&str> = form.cells(first).collect();
        let corner = top.first().is_some_and(|cell| cell.is_empty() || form.is_text(cell));
        let named = top.iter().any(|cell| form.is_text(cell));
        let below = rest.first().map_or(top.len(), |line| form.cells(line).count());
        // A label in front of numbers is no header if the next line has one too.
        let label =
            corner && !top.iter().skip(1).any(|cell| form.is_text(cell)) && rest.first().is_none_or(|l| form.cells(l).next().is_some_and(|c| form.is_text(c)));
        form.header = !rest.is_empty() && (named || corner && delimiter != ' ') && !(label && top.len() > 1 && !top.first().is_some_and(|c| c.is_empty()));
        let data = if form.header { rest } else { lines.as_slice() };
        form.columns = if form.header { below } else { top.len() };
        let short = form.header && top.len() + 1 == below;
        let coordinates = corner && top.len() > 1 && !top.iter().skip(1).any(|cell| form.is_text(cell));
        let texts = data.iter().any(|line| form.cells(line).next().is_some_and(|cell| form.is_text(cell)));
        let empty_corner = top.first().is_some_and(|cell| cell.is_empty());
        form.labels = delimiter != ' ' && (texts || short || form.header && (coordinates || empty_corner));
        let numbers = form.columns.checked_sub(usize::from(form.labels)).filter(|n| *n > 0)?;
        let enough = data.len() >= if numbers == 1 { 2 } else { 1 };
        let heads = !form.header || top.len() == form.columns || short && form.labels;
        (enough && heads && data.iter().all(|line| form.is_row(line))).then_some(form)
    }

    /// Cells of a line, without white space and quotes around them.
    pub(super) fn cells<'a>(&self, line: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let (delimiter, spaces) = (self.delimiter, self.delimiter == ' ');
        let line = if spaces { line.trim() } else { line };
        let cells = line.split(move |c: char| c == delimiter || spaces && c.is_whitespace()).filter(move |cell| !spaces || !cell.is_empty());
        cells.map(|cell| cell.trim()).map(|cell| cell.strip_prefix('"').and_then(|c| c.strip_suffix('"')).unwrap_or(cell))
    }

    fn is_text(&self, cell: &str) -> bool {
        !is_missing(cell) && self.number(cell).is_none()
    }

    /// Whether a line has the right number of cells, and numbers where they should be, one at least.
    fn is_row(&self, line: &str) -> bool {
        let cells = || self.cells(line).skip(usize::from(self.labels));
        self.cells(line).count() == self.columns && !cells().any(|cell| self.is_text(cell)) && cells().any(|cell| !is_missing(cell))
    }

    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        let allowed = |b: u8| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'e' | b'E') || b == if self.comma { b',' } else { b'.' };
        if !cell.bytes().all(allowed) {
            return None;
        }
        if self.comma { cell.replace(',', ".").parse().ok() } else { cell.parse().ok() }.filter(|x: &f64| x.is_finite())
    }
}

pub(super) fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "-") || ["nan", "na"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}

/// Lines without their ends, each with its offset; a mark of the byte order is skipped.
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = next;
        next += line.len();
        let start = if at == 0 && line.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        (at + start, line.get(start..).unwrap_or_default().trim_end_matches(['\n', '\r']))
    })
}
