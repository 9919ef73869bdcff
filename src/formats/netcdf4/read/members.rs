//! What groups and objects have: links and attributes, in their headers or in heaps.

use super::cursor::{Cursor, malformed};
use super::file::{File, Object};
use super::messages::{Space, Type};
use crate::error::Result;
use crate::formats::netcdf4::spec::message::{ATTRIBUTE, ATTRIBUTE_INFO, DATASPACE, DATATYPE, LINK, LINK_INFO, SYMBOL_TABLE};
use crate::limits::Limits;

/// A member of a group.
#[derive(Debug)]
pub(super) struct Link {
    order: Option<u64>,
    pub(super) name: String,
    /// Address of the object; none for links by name, which lead elsewhere.
    pub(super) target: Option<u64>,
}

/// An attribute as stored.
#[derive(Debug)]
pub(super) struct StoredAttribute<'a> {
    order: Option<u64>,
    pub(super) name: String,
    pub(super) data_type: Type,
    pub(super) space: Space,
    pub(super) data: Cursor<'a>,
}

impl<'a> File<'a> {
    /// Members of a group in creation order, or by name where that is not tracked.
    pub(super) fn links(&self, group: &Object<'a>) -> Result<Vec<Link>> {
        let mut links = Vec::new();
        if let Some(table) = group.find(SYMBOL_TABLE) {
            let mut body = table.body.clone();
            let (tree, heap) = (body.defined()?, body.defined()?);
            self.symbols(tree, heap, &mut links)?;
        }
        for message in group.messages.iter().filter(|m| m.kind == LINK) {
            links.push(link(message.body.clone())?);
        }
        if let Some(info) = group.find(LINK_INFO) {
            let mut body = info.body.clone();
            body.take(1)?;
            let tracked = body.byte()? & 1 != 0;
            body.take(if tracked { 8 } else { 0 })?;
            if let (Some(heap), Some(names)) = (body.address()?, body.address()?) {
                let heap = self.heap(heap)?;
                self.tree_v2(names, &mut |mut record| {
                    record.take(4)?;
                    links.push(link(self.heap_object(&heap, record)?)?);
                    Limits::check("the members of a group", links.len() as u64, self.limits.items).map(|_| ())
                })?;
            }
        }
        if links.iter().all(|l| l.order.is_some()) {
            links.sort_by_key(|l| l.order)
        } else {
            links.sort_by(|a, b| a.name.cmp(&b.name))
        }
        Ok(links)
    }

    fn symbols(&self, tree: u64, heap: u64, links: &mut Vec<Link>) -> Result<()> {
        let mut header = self.region(heap, 8 + 2 * self.widths.length + self.widths.address)?;
        header.expect("HEAP")?;
        header.take(4)?;
        let size = header.length()?;
        header.length()?;
        let names = self.region(header.defined()?, size)?;
        self.tree_v1(tree, 0, self.widths.length, None, &mut |_, node| {
            let mut prefix = self.region(node, 8)?;
            prefix.expect("SNOD")?;
            prefix.take(2)?;
            let count = prefix.number(2)?;
            let mut entries = self.region(node.saturating_add(8), count * (2 * self.widths.address + 24))?;
            for _ in 0..count {
                let mut name = names.clone();
                name.take(entries.number(self.widths.address)?)?;
                let name = name.text(name.rest.len() as u64)?;
                let address = entries.address()?;
                let by_name = entries.number(4)? == 2;
                entries.take(20)?;
                self.charge(name.len() as u64)?;
                links.push(Link { order: None, name, target: address.filter(|_| !by_name) });
                Limits::check("the members of a group", links.len() as u64, self.limits.items)?;
            }
            Ok(())
        })
    }

    /// Attributes in creation order, or as they stand where that is not tracked.
    pub(super) fn attributes(&self, object: &Object<'a>) -> Result<Vec<StoredAttribute<'a>>> {
        let mut attributes = Vec::new();
        for message in object.messages.iter().filter(|m| m.kind == ATTRIBUTE) {
            attributes.push(self.attribute(self.body(message)?, message.order)?);
        }
        if let Some(info) = object.find(ATTRIBUTE_INFO) {
            let mut body = info.body.clone();
            body.take(1)?;
            let tracked = body.byte()? & 1 != 0;
            body.take(if tracked { 2 } else { 0 })?;
            if let (Some(heap), Some(names)) = (body.address()?, body.address()?) {
                let heap = self.heap(heap)?;
                self.tree_v2(names, &mut |mut record| {
                    let id = record.part(8)?;
                    let shared = record.byte()? & 2 != 0;
                    let order = Some(record.number(4)?).filter(|_| tracked);
                    let body = self.heap_object(&heap, id)?;
                    let body = if shared { self.shared(body, ATTRIBUTE)? } else { body };
                    attributes.push(self.attribute(body, order)?);
                    Limits::check("the attributes of one object", attributes.len() as u64, self.limits.items).map(|_| ())
                })?;
            }
        }
        if attributes.iter().all(|a| a.order.is_some()) {
            attributes.sort_by_key(|a| a.order);
        }
        Ok(attributes)
    }

    fn attribute(&self, mut body: Cursor<'a>, order: Option<u64>) -> Result<StoredAttribute<'a>> {
        let at = body.at;
        let version = body.byte()?;
        if !(1..=3).contains(&version) {
            return Err(malformed(at, "an attribute of version 1 to 3"));
        }
        let flags = Some(body.byte()?).filter(|_| version > 1).unwrap_or_default();
        let sizes = [body.number(2)?, body.number(2)?, body.number(2)?];
        body.take(if version == 3 { 1 } else { 0 })?;
        let [name, data_type, space] = sizes.map(|size| {
            let padded = if version == 1 { size.next_multiple_of(8) } else { size };
            let mut part = body.part(padded)?;
            part.part(size)
        });
        let (mut name, data_type, space) = (name?, data_type?, space?);
        let resolve = |part: Cursor<'a>, flag: u8, kind| if flags & flag == 0 { Ok(part) } else { self.shared(part, kind) };
        let data_type = Type::parse(resolve(data_type, 1, DATATYPE)?)?;
        let space = Space::parse(resolve(space, 2, DATASPACE)?)?;
        let name = name.text(name.rest.len() as u64)?;
        let length = space.count().and_then(|n| n.checked_mul(data_type.size)).ok_or_else(|| malformed(at, "an attribute that fits its message"))?;
        Ok(StoredAttribute { order, name, data_type, space, data: body.part(length)? })
    }
}

fn link(mut body: Cursor<'_>) -> Result<Link> {
    let at = body.at;
    let (version, flags) = (body.byte()?, body.byte()?);
    if version != 1 {
        return Err(malformed(at, "a link of version 1"));
    }
    let kind = if flags & 8 == 0 { 0 } else { body.byte()? };
    let order = if flags & 4 == 0 { None } else { Some(body.number(8)?) };
    body.take(if flags & 16 == 0 { 0 } else { 1 })?;
    let length = body.number(1 << (flags & 3))?;
    let name = body.text(length)?;
    Ok(Link { order, name, target: if kind == 0 { Some(body.defined()?) } else { None } })
}
