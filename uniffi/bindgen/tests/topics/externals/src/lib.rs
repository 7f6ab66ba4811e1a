//! Topic: types that another crate of the same library defines.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

use std::sync::Arc;

use topic_enums::Colour;
use topic_errors::TransferError;
use topic_objects::Counter;
use topic_records::{Line, Point};

#[derive(Clone, Debug)]
pub struct Drawing {
    pub lines: Vec<Line>,
    pub colour: Colour,
}

pub fn mirrored(point: Point) -> Point {
    Point {
        x: -point.x,
        y: -point.y,
    }
}

pub fn corners(line: Line) -> Vec<Point> {
    vec![
        line.from,
        Point {
            x: line.to.x,
            y: line.from.y,
        },
        line.to,
        Point {
            x: line.from.x,
            y: line.to.y,
        },
    ]
}

pub fn favourite(known: bool) -> Option<Colour> {
    known.then_some(Colour::Green)
}

pub fn bump(counter: Arc<Counter>) -> u64 {
    counter.increment()
}

pub fn fresh() -> Arc<Counter> {
    Arc::new(Counter::new())
}

pub fn echo_drawing(drawing: Drawing) -> Drawing {
    drawing
}

pub fn spend(balance: u64, amount: u64) -> Result<(), TransferError> {
    topic_errors::transfer(balance, amount, false).map(|_| ())
}

uniffi::include_scaffolding!("externals");
