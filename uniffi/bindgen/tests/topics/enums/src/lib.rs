//! Topic: flat and rich enums.
#![allow(missing_docs, reason = "the UDL documents this interface")]
#![allow(clippy::needless_pass_by_value, reason = "the UDL passes it owned")]

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    Red,
    Green,
    DarkBlue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    Empty,
    Circle { radius: f64 },
    Rectangle { width: f64, height: f64 },
    Labelled { label: String, colour: Colour },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Number { value: i64 },
    Sum { terms: Vec<Expression> },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Signal {
    Stop,
    Go,
}

pub fn echo_colour(colour: Colour) -> Colour {
    colour
}

pub fn next(colour: &Colour) -> Colour {
    match colour {
        Colour::Red => Colour::Green,
        Colour::Green => Colour::DarkBlue,
        Colour::DarkBlue => Colour::Red,
    }
}

pub fn echo_shape(shape: Shape) -> Shape {
    shape
}

pub fn area(shape: &Shape) -> f64 {
    match shape {
        Shape::Empty | Shape::Labelled { .. } => 0.0,
        Shape::Circle { radius } => std::f64::consts::PI * radius * radius,
        Shape::Rectangle { width, height } => width * height,
    }
}

pub fn echo_expression(expression: Expression) -> Expression {
    expression
}

pub fn evaluate(expression: &Expression) -> i64 {
    match expression {
        Expression::Number { value } => *value,
        Expression::Sum { terms } => terms.iter().map(evaluate).sum(),
    }
}

pub fn echo_signal(signal: Signal) -> Signal {
    signal
}

uniffi::include_scaffolding!("enums");
