//! A file that was opened: what it says of itself, and its values variable by variable.

use crate::error::{Error, Result};
use crate::field::{Dataset, Field, Values};
use crate::limits::Limits;

/// Reads values of a file whose header was read.
pub(crate) trait Variables {
    /// Values of the variable with that number, which `field` describes.
    fn values(&mut self, number: usize, field: &Field) -> Result<Values>;

    /// The same for the last time.
    fn take(&mut self, number: usize, field: &Field) -> Result<Values> {
        self.values(number, field)
    }

    /// What only the writer needs, where that comes from values: it is known when all were read.
    fn layout(&mut self) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// Everything about a file but its values, which are read when they are asked for.
#[expect(missing_debug_implementations, reason = "readers hold parts of the file")]
pub struct Opened<'a> {
    /// Fields without values, but for small ones that were read to understand the others. A GRIB field may turn out to be float64 where it says float32.
    header: Dataset,
    variables: Box<dyn Variables + 'a>,
    limits: Limits,
}

impl<'a> Opened<'a> {
    pub(crate) fn new(header: Dataset, variables: impl Variables + 'a, limits: &Limits) -> Self {
        Self { header, variables: Box::new(variables), limits: *limits }
    }

    /// Of a dataset that is there.
    #[must_use]
    pub fn whole(mut dataset: Dataset) -> Self {
        let take = |field: &mut Field| {
            let none = Values::empty(field.values.data_type());
            core::mem::replace(&mut field.values, none)
        };
        let values = dataset.fields.iter_mut().map(take).collect();
        // Whoever read it has seen to the limits.
        let limits = Limits { decoded_bytes: u64::MAX, ..Limits::default() };
        Self::new(dataset, Whole(values), &limits)
    }

    /// The dataset, its fields without values, or at most some of them.
    #[must_use]
    pub const fn header(&self) -> &Dataset {
        &self.header
    }

    /// A variable with its values.
    ///
    /// # Errors
    /// [`Error::NoSuchVariable`]; as [`super::read`] for values that are not as the format has them; [`Error::LimitExceeded`] when the variable alone is over the limit.
    pub fn variable(&mut self, number: usize) -> Result<Field> {
        self.field(number, |variables, field| variables.values(number, field))
    }

    fn field(&mut self, number: usize, values: impl FnOnce(&mut dyn Variables, &Field) -> Result<Values>) -> Result<Field> {
        let fields = &self.header.fields;
        let field = fields.get(number).ok_or_else(|| Error::no_such_variable(number, fields.iter().map(|f| f.name.as_str())))?;
        if !field.values.is_empty() {
            return Ok(field.clone());
        }
        Limits::check("a variable", field.declared_bytes(), self.limits.decoded_bytes)?;
        Ok(Field { values: values(self.variables.as_mut(), field)?, ..field.without_values() })
    }

    /// [`Dataset::layout`], once all variables were read.
    ///
    /// # Errors
    /// As [`Self::variable`].
    pub fn layout(&mut self) -> Result<Vec<u8>> {
        Ok(self.variables.layout()?.unwrap_or_else(|| self.header.layout.clone()))
    }

    /// All of it, once.
    ///
    /// # Errors
    /// As [`Self::variable`]; [`Error::LimitExceeded`] when all variables together are over the limit.
    pub fn read(&mut self) -> Result<Dataset> {
        let mut total = self.header.declared_bytes();
        let mut fields = Vec::with_capacity(self.header.fields.len());
        for number in 0..self.header.fields.len() {
            Limits::check("the data in this file", total, self.limits.decoded_bytes)?;
            let declared = self.header.fields.get(number).map_or(0, Field::declared_bytes);
            let field = self.field(number, |variables, field| variables.take(number, field))?;
            total = total.saturating_add(field.declared_bytes() - declared);
            fields.push(field);
        }
        Limits::check("the data in this file", total, self.limits.decoded_bytes)?;
        let layout = self.layout()?;
        let Dataset { format, dimensions, attributes, .. } = &self.header;
        Ok(Dataset { format: *format, dimensions: dimensions.clone(), attributes: attributes.clone(), fields, layout })
    }
}

/// Values that are there already.
struct Whole(Vec<Values>);

impl Variables for Whole {
    fn values(&mut self, number: usize, field: &Field) -> Result<Values> {
        Ok(self.0.get(number).cloned().unwrap_or_else(|| Values::empty(field.values.data_type())))
    }

    fn take(&mut self, number: usize, field: &Field) -> Result<Values> {
        let none = Values::empty(field.values.data_type());
        Ok(self.0.get_mut(number).map(|values| core::mem::replace(values, none.clone())).unwrap_or(none))
    }
}
