//! The course of training: a CSV file that grows, and a picture of it.

use crate::error::Result;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

const HEADER: &str = "step,pass,set,bits,lr,seconds\n";
const COLOURS: [&str; 3] = ["#1b6ca8", "#c8553d", "#3a8f5c"];
const NAMES: [&str; 3] = ["diagonal", "horizontal", "vertical"];
/// Size of the picture and width of its margin.
const SIZE: (f64, f64) = (900.0, 420.0);
const MARGIN: f64 = 48.0;

/// One line of the course.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Steps so far, all passes together.
    pub step: usize,
    /// Which net.
    pub pass: usize,
    /// Whether on samples that are not trained on.
    pub valid: bool,
    /// Mean bits of a sample.
    pub bits: f64,
    /// Learning rate.
    pub rate: f64,
    /// Seconds of training so far.
    pub seconds: f64,
}

/// The file and what has been written to it.
#[derive(Debug)]
pub struct Curve {
    file: File,
    points: Vec<Point>,
}

impl Curve {
    /// Carries on after `steps` steps in a file, or starts it.
    pub fn open(path: &Path, steps: usize) -> Result<Self> {
        let before = if steps == 0 { String::new() } else { std::fs::read_to_string(path).unwrap_or_default() };
        let points: Vec<Point> = before.lines().filter_map(parse).filter(|point| point.step <= steps).collect();
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(path)?;
        file.write_all(HEADER.as_bytes())?;
        for point in &points {
            file.write_all(line(point).as_bytes())?;
        }
        Ok(Self { file, points })
    }

    /// Adds a line.
    pub fn add(&mut self, point: Point) -> Result<()> {
        self.file.write_all(line(&point).as_bytes())?;
        self.points.push(point);
        Ok(())
    }

    /// Bits over steps: thin lines are training, dots and thick lines validation.
    pub fn draw(&self, path: &Path) -> Result<()> {
        Ok(std::fs::write(path, svg(&self.points))?)
    }
}

fn line(point: &Point) -> String {
    let set = if point.valid { "valid" } else { "train" };
    format!("{},{},{set},{:.5},{:.3e},{:.1}\n", point.step, point.pass, point.bits, point.rate, point.seconds)
}

fn parse(line: &str) -> Option<Point> {
    let mut cells = line.split(',');
    let mut next = || cells.next();
    Some(Point {
        step: next()?.parse().ok()?,
        pass: next()?.parse().ok()?,
        valid: next()? == "valid",
        bits: next()?.parse().ok()?,
        rate: next()?.parse().ok()?,
        seconds: next()?.parse().ok()?,
    })
}

fn svg(points: &[Point]) -> String {
    let steps = points.iter().map(|point| point.step).max().unwrap_or(1).max(1) as f64;
    // The first tenth is steep and would flatten the rest.
    let shown = points.iter().filter(|point| point.step as f64 >= steps / 10.0 && point.bits.is_finite()).map(|point| point.bits);
    let (low, high) = shown.fold((f64::MAX, f64::MIN), |(low, high), bits| (low.min(bits), high.max(bits)));
    let (low, high) = if high > low { (low, high) } else { (0.0, 1.0) };
    let (width, height) = SIZE;
    let across = |step: usize| MARGIN + step as f64 / steps * (width - 2.0 * MARGIN);
    let down = |bits: f64| height - MARGIN - ((bits - low) / (high - low)).clamp(0.0, 1.0) * (height - 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for tick in 0..=5 {
        let bits = low + (high - low) * f64::from(tick) / 5.0;
        let (y, right) = (down(bits), width - MARGIN);
        let _ = writeln!(
            svg,
            "<path d=\"M{MARGIN} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{bits:.3}</text>",
            MARGIN - 6.0,
            y + 4.0
        );
        let step = (steps * f64::from(tick) / 5.0) as usize;
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{step}</text>", across(step), height - MARGIN + 18.0);
    }
    for (pass, (colour, name)) in COLOURS.iter().zip(NAMES).enumerate() {
        for (valid, stroke) in [(false, "stroke-width=\"0.7\" opacity=\"0.5\""), (true, "stroke-width=\"2\"")] {
            let line: Vec<String> = points
                .iter()
                .filter(|point| point.pass == pass && point.valid == valid && point.bits.is_finite())
                .map(|point| format!("{:.1},{:.1}", across(point.step), down(point.bits)))
                .collect();
            let _ = writeln!(svg, "<polyline fill=\"none\" stroke=\"{colour}\" {stroke} points=\"{}\"/>", line.join(" "));
        }
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"24\" fill=\"{colour}\">{name}</text>", MARGIN + 90.0 * pass as f64);
    }
    let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"24\" text-anchor=\"end\">bits a sample; thick: validation</text>\n</svg>", width - MARGIN);
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_on_where_a_checkpoint_was() {
        let path = std::env::temp_dir().join(format!("deepcomp-train-{}.csv", std::process::id()));
        let point = |step| Point { step, pass: step % 3, valid: step % 2 == 0, bits: 3.5, rate: 1e-3, seconds: step as f64 };
        let mut curve = Curve::open(&path, 0).unwrap();
        (0..10).for_each(|step| curve.add(point(step)).unwrap());
        let mut curve = Curve::open(&path, 5).unwrap();
        curve.add(point(6)).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().filter_map(parse).collect::<Vec<_>>(), (0..7).map(point).collect::<Vec<_>>());
        std::fs::remove_file(&path).unwrap();
        assert!(svg(&curve.points).ends_with("</svg>\n"));
    }
}
