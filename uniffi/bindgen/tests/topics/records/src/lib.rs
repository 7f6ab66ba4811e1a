//! Topic: records, nested and with defaults, and defaulted arguments.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub from: Point,
    pub to: Point,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Nothing {}

#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    Slow,
    Fast,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub name: String,
    pub enabled: bool,
    pub offset: i32,
    pub limit: u64,
    pub ratio: f64,
    pub label: String,
    pub note: Option<String>,
    pub title: Option<String>,
    pub tags: Vec<String>,
    pub weights: HashMap<String, u32>,
    pub mode: Mode,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Everything {
    pub u8_value: u8,
    pub i8_value: i8,
    pub u16_value: u16,
    pub i16_value: i16,
    pub u32_value: u32,
    pub i32_value: i32,
    pub u64_value: u64,
    pub i64_value: i64,
    pub f32_value: f32,
    pub f64_value: f64,
    pub boolean_value: bool,
    pub string_value: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    pub name: String,
    pub children: Vec<Tree>,
}

pub fn echo_point(point: Point) -> Point {
    point
}

pub fn echo_line(line: Line) -> Line {
    line
}

pub fn echo_settings(settings: Settings) -> Settings {
    settings
}

pub fn echo_everything(value: Everything) -> Everything {
    value
}

pub fn echo_nothing(nothing: Nothing) -> Nothing {
    nothing
}

pub fn echo_tree(tree: Tree) -> Tree {
    tree
}

pub fn length(line: &Line) -> f64 {
    (line.to.x - line.from.x).hypot(line.to.y - line.from.y)
}

pub fn describe(
    name: String,
    count: u32,
    loud: bool,
    suffix: Option<String>,
    tags: Vec<String>,
) -> String {
    let name = if loud { name.to_uppercase() } else { name };
    let suffix = suffix.unwrap_or_default();
    format!("{name} x{count}{suffix} [{}]", tags.join(","))
}

uniffi::include_scaffolding!("records");
