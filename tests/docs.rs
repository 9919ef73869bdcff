//! What the papers say of versions, held against the code.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Tests fail by panicking.

use deepcomp::archive::FormatVersion;
use std::path::Path;

fn paper(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The numbers that follow each `before` in a text.
fn numbers_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let number = |rest: &'a str| rest.split(|c: char| !(c.is_ascii_digit() || c == '.')).next().unwrap().trim_end_matches('.');
    text.split(before).skip(1).map(number).collect()
}

#[test]
fn the_papers_name_the_format_version_that_is_written() {
    let current = FormatVersion::CURRENT.to_string();
    for (name, before) in [("docs/format.md", "# The DeepComp archive format, version "), ("README.md", "It is version ")] {
        assert_eq!(numbers_after(&paper(name), before), [current.as_str()], "{name}, after {before:?}");
    }
    let format = paper("docs/format.md");
    let superblock = format!("u16 major version, u16 minor version ({}) |", current.replace('.', ", "));
    assert!(format.contains(&superblock), "docs/format.md, section 1, does not say {superblock:?}");
    assert!(format.contains("a decoder of version 1.x decodes every archive of version 1.y with y ≤ x"), "docs/format.md does not say what is promised");
}

#[test]
fn the_changelog_begins_with_the_format_version_that_is_written() {
    let changelog = paper("CHANGELOG.md");
    let (_, formats) = changelog.split_once("## Archive format").unwrap();
    assert_eq!(numbers_after(formats, "\n### ").first(), Some(&FormatVersion::CURRENT.to_string().as_str()));
}

/// Cells of the rows of the first Markdown table below `heading`: the name, and figures without what stands in brackets.
fn table(text: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, below) = text.split_once(heading).unwrap();
    let lines = below.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.split(" (").next().unwrap().trim().to_owned()).collect();
    lines.filter(|line| !line.starts_with("|--")).map(cells).collect()
}

#[test]
fn the_comparison_names_the_figures_of_the_bench() {
    let measured = table(&paper("docs/bench/figures.md"), "## Geometric means");
    let named = table(&paper("docs/compare.md"), "# Beside others");
    assert!(named.len() > 5 && measured.len() > named.len());
    for row in named {
        let same = measured.iter().find(|found| found[0] == row[0]).map(|found| &found[..row.len()]);
        assert_eq!(same, Some(&row[..]), "docs/compare.md beside docs/bench/figures.md");
    }
}
