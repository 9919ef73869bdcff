//! How a file says that values went through a bound: attributes of its variables, and a line of its history.

use super::{Attribute, Dataset, Field, Values};

/// Beginning of the names of our attributes.
pub(crate) const PREFIX: &str = "deepcomp_";
/// Beginning of our line in `history`.
pub(crate) const MARK: &str = "DeepComp archive ";

impl Attribute {
    /// Whether it says nothing but what a bound did.
    pub(crate) fn tells_loss(&self) -> bool {
        let ours = |text: String| text.lines().all(|line| line.starts_with(MARK));
        self.name.starts_with(PREFIX) || self.name == "history" && self.value.as_text().is_some_and(ours)
    }
}

impl Field {
    /// Names and values of what it says of its bound.
    pub(crate) fn loss(&self) -> Vec<(&str, String)> {
        let numbers = |values: &Values| (0..values.len()).filter_map(|i| Some(values.get_f64(i)?.to_string())).collect::<Vec<_>>().join(", ");
        let said = |a: &Attribute| a.value.as_text().unwrap_or_else(|| numbers(&a.value));
        self.attributes.iter().filter(|a| a.name.starts_with(PREFIX)).map(|a| (a.name.as_str(), said(a))).collect()
    }
}

impl Dataset {
    /// Our line of its history; none where no variable says that it went through a bound.
    pub(crate) fn loss(&self) -> Option<String> {
        self.fields.iter().any(|f| !f.loss().is_empty()).then(|| {
            let history = self.attributes.iter().find(|a| a.name == "history").and_then(|a| a.value.as_text()).unwrap_or_default();
            history.lines().find(|line| line.starts_with(MARK)).unwrap_or("compressed under error bounds").to_owned()
        })
    }
}
