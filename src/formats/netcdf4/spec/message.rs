//! Numbers of the messages of an object header.

pub(crate) const DATASPACE: u16 = 1;
pub(crate) const LINK_INFO: u16 = 2;
pub(crate) const DATATYPE: u16 = 3;
pub(crate) const OLD_FILL: u16 = 4;
pub(crate) const FILL: u16 = 5;
pub(crate) const LINK: u16 = 6;
pub(crate) const EXTERNAL_FILES: u16 = 7;
pub(crate) const LAYOUT: u16 = 8;
pub(crate) const GROUP_INFO: u16 = 10;
pub(crate) const FILTERS: u16 = 11;
pub(crate) const ATTRIBUTE: u16 = 12;
pub(crate) const CONTINUATION: u16 = 16;
pub(crate) const SYMBOL_TABLE: u16 = 17;
pub(crate) const ATTRIBUTE_INFO: u16 = 21;
