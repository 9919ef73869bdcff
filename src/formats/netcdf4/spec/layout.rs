//! What [`crate::field::Dataset::layout`] remembers of a NetCDF-4 file, as CBOR.

use minicbor::{Decode, Encode};

/// All that the writer needs beside dimensions, variables and attributes.
#[derive(Debug, Clone, Default, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct Layout {
    /// Whether the file keeps to the classic model.
    #[n(0)]
    pub(crate) classic: bool,
    /// Paths of the groups in the order of their creation, parents before their members.
    #[n(1)]
    pub(crate) groups: Vec<String>,
    #[n(2)]
    pub(crate) variables: Vec<VariableLayout>,
    #[n(3)]
    pub(crate) strings: Vec<StringAttribute>,
    /// Dimensions that are the lengths of strings, not of the file.
    #[n(4)]
    pub(crate) string_dimensions: Vec<String>,
}

/// How the values of a variable are stored.
#[derive(Debug, Clone, Default, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(crate) struct VariableLayout {
    #[n(0)]
    pub(crate) name: String,
    /// Lengths of a chunk; none for values in one piece.
    #[n(1)]
    pub(crate) chunks: Option<Vec<u64>>,
    /// Level of deflate.
    #[n(2)]
    pub(crate) deflate: Option<u8>,
    #[n(3)]
    pub(crate) shuffle: bool,
    #[n(4)]
    pub(crate) fletcher32: bool,
    #[n(5)]
    pub(crate) big_endian: bool,
    /// Whether values were strings, along one more dimension here.
    #[n(6)]
    pub(crate) string: bool,
    /// Whether no fill value is set.
    #[n(7)]
    pub(crate) no_fill: bool,
    /// Whether values stand in the header.
    #[n(8)]
    pub(crate) compact: bool,
    /// Whether integers are signed in the file, where `_Unsigned` does not tell.
    #[n(9)]
    pub(crate) signed: Option<bool>,
}

/// A text attribute that was a list of strings.
#[derive(Debug, Clone, PartialEq, Encode, Decode)]
#[cbor(array)]
pub(crate) struct StringAttribute {
    /// None for an attribute of the file or of a group.
    #[n(0)]
    pub(crate) variable: Option<String>,
    #[n(1)]
    pub(crate) name: String,
    #[n(2)]
    pub(crate) count: u64,
}

impl Layout {
    /// What `bytes` say; the defaults if they are no layout of this format.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        minicbor::decode(bytes).unwrap_or_default()
    }

    /// Empty where nothing needs saying.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        if *self == Self::default() { Vec::new() } else { minicbor::to_vec(self).unwrap_or_default() }
    }
}
