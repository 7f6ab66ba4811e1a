//! The picture: a row of panels a language, a bar a system, each panel to its own scale.

use anyhow::Result;
use askama::Template;

use super::Measured;
use super::tables::{CALLS, ECHO_SMALL, time};

const PANEL_WIDTH: f64 = 250.0;
const PANEL_GAP: f64 = 24.0;
const NAMES_WIDTH: f64 = 120.0;
const BAR_HEIGHT: f64 = 18.0;
const BAR_GAP: f64 = 5.0;
/// Above the bars of a language: its name and the heads of its panels.
const HEAD: f64 = 58.0;
const FOOT: f64 = 18.0;
/// What a bar leaves for the figure beside it.
const FIGURE_WIDTH: f64 = 62.0;

/// What each panel shows, and whether less is better.
const PANELS: [(&str, &str); 4] = [
    (ECHO_SMALL, "echo of 16 B, p50"),
    ("echo_65536_p50_us", "echo of 64 KiB, p50"),
    ("echo_1048576_p50_us", "echo of 1 MiB, p50"),
    (CALLS, "calls a second, 64 in flight"),
];

#[derive(Template)]
#[template(path = "peers/plot.svg")]
struct Picture<'a> {
    width: f64,
    height: f64,
    languages: Vec<Row<'a>>,
}

struct Row<'a> {
    title: &'a str,
    y: f64,
    names: Vec<Name<'a>>,
    panels: Vec<Panel>,
}

struct Name<'a> {
    text: &'a str,
    y: f64,
    is_ours: bool,
}

struct Panel {
    title: &'static str,
    hint: &'static str,
    x: f64,
    bars: Vec<Bar>,
}

struct Bar {
    y: f64,
    width: f64,
    figure: String,
    is_ours: bool,
}

pub(super) fn draw(languages: &[Measured]) -> Result<String> {
    let mut y = 0.0;
    let mut rows = Vec::new();
    for language in languages {
        rows.push(Row {
            title: language.title,
            y,
            names: names(language),
            panels: panels(language),
        });
        y += HEAD + language.systems.len() as f64 * (BAR_HEIGHT + BAR_GAP) + FOOT;
    }
    let panels = PANELS.len() as f64;
    let picture = Picture {
        width: NAMES_WIDTH + panels * (PANEL_WIDTH + PANEL_GAP),
        height: y,
        languages: rows,
    };
    Ok(picture.render()?)
}

fn names(language: &Measured) -> Vec<Name<'_>> {
    let systems = language.systems.iter().enumerate();
    systems
        .map(|(index, system)| Name {
            text: system.short,
            y: line(index),
            is_ours: index == 0,
        })
        .collect()
}

fn panels(language: &Measured) -> Vec<Panel> {
    let panels = PANELS.iter().enumerate();
    panels
        .map(|(index, &(figure, title))| {
            let is_rate = figure == CALLS;
            let systems = language.systems.iter();
            let values = systems.map(|system| system.figures.get(figure).map(|it| it.median));
            let values: Vec<Option<f64>> = values.collect();
            let most = values
                .iter()
                .flatten()
                .copied()
                .fold(f64::EPSILON, f64::max);
            let bar = |(index, value): (usize, &Option<f64>)| {
                value.map(|value| Bar {
                    y: line(index),
                    width: value / most * (PANEL_WIDTH - FIGURE_WIDTH),
                    figure: if is_rate {
                        per_second(value)
                    } else {
                        time(value)
                    },
                    is_ours: index == 0,
                })
            };
            Panel {
                title,
                hint: if is_rate {
                    "more is better"
                } else {
                    "less is better"
                },
                x: NAMES_WIDTH + index as f64 * (PANEL_WIDTH + PANEL_GAP),
                bars: values.iter().enumerate().filter_map(bar).collect(),
            }
        })
        .collect()
}

/// Where the line of a system begins below the head of its language.
fn line(index: usize) -> f64 {
    HEAD + index as f64 * (BAR_HEIGHT + BAR_GAP)
}

/// A rate, with thousands set apart.
pub(super) fn per_second(rate: f64) -> String {
    let digits = format!("{rate:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::per_second;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [7.4, 123.0, 1234.0, 1_234_567.0].map(per_second);
        assert_eq!(shown, ["7", "123", "1,234", "1,234,567"]);
    }
}
