//! The figures: each beside those of bare servers, as medians with their spread.

use std::fmt;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::{Plan, process};

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Kefu.
    Kefu,
    /// A bare server that does the same work.
    SameWork,
    /// A bare server that does nothing but answer.
    Transport,
}

impl Side {
    /// The name in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kefu => "Kefu",
            Self::SameWork => "bare, same work",
            Self::Transport => "bare, no work",
        }
    }
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    PerSecond,
    Millis,
    Bytes,
    Kibibytes,
    Mebibytes,
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "1/s",
            Self::Millis => "ms",
            Self::Bytes => "B",
            Self::Kibibytes => "KiB",
            Self::Mebibytes => "MiB",
        }
    }
}

/// One line.
#[derive(Debug)]
struct Figure {
    name: String,
    unit: Unit,
    /// What was measured, of Kefu and both bare servers.
    samples: [Vec<f64>; 3],
}

/// See the module.
#[derive(Debug)]
pub struct Table {
    head: Json,
    figures: Vec<Figure>,
}

impl Table {
    /// An empty one for this plan.
    pub fn new(plan: &Plan) -> Self {
        let said = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success());
            output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let head = json!({
            "date": said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]),
            "commit": said("git", &["describe", "--always", "--dirty"]),
            "machine": process::machine(),
            "build": if cfg!(debug_assertions) { "debug" } else { "release" },
            "database": plan.database.name(),
            "users": plan.users,
            "window": plan.effort.window,
            "runs": plan.runs,
            "seconds": plan.effort.seconds,
        });
        Self { head, figures: Vec::new() }
    }

    /// Adds what a run has measured.
    pub(super) fn add(&mut self, name: &str, unit: Unit, side: Side, value: f64) {
        let known = self.figures.iter().position(|figure| figure.name == name);
        let at = known.unwrap_or_else(|| {
            self.figures.push(Figure { name: name.to_owned(), unit, samples: Default::default() });
            self.figures.len() - 1
        });
        self.figures[at].samples[side as usize].push(value);
    }

    /// The same for programs.
    pub fn json(&self) -> Json {
        let side = |samples: &[f64]| {
            let Some(spread) = Spread::of(samples) else { return Json::Null };
            json!({"median": spread.median, "least": spread.least, "most": spread.most, "runs": samples})
        };
        let figure = |figure: &Figure| {
            let [kefu, same_work, transport] = &figure.samples;
            json!({
                "name": figure.name, "unit": figure.unit.name(),
                "kefu": side(kefu), "sameWork": side(same_work), "noWork": side(transport),
            })
        };
        json!({"head": self.head, "figures": self.figures.iter().map(figure).collect::<Json>()})
    }

    /// The median of a figure of Kefu.
    pub fn kefu(&self, name: &str) -> Option<f64> {
        let figure = self.figures.iter().find(|figure| figure.name == name)?;
        Spread::of(&figure.samples[Side::Kefu as usize]).map(|spread| spread.median)
    }
}

/// Several measurements of one thing.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let upper = sorted.len() / 2;
        let lower = (sorted.len() - 1) / 2;
        Some(Self { median: f64::midpoint(sorted[lower], sorted[upper]), least, most })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Json| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let head = &self.head;
        let machine = &head["machine"];
        writeln!(f, "Kefu {} ({}), {}", text(&head["commit"]), text(&head["build"]), text(&head["date"]))?;
        let (cpu, cores, kernel) = (text(&machine["cpu"]), text(&machine["cores"]), text(&machine["kernel"]));
        writeln!(f, "{cpu}, {cores} cores, {} MiB, Linux {kernel}", text(&machine["memoryMiB"]))?;
        let (runs, seconds) = (text(&head["runs"]), text(&head["seconds"]));
        let (users, window) = (text(&head["users"]), text(&head["window"]));
        writeln!(
            f,
            "{}; {users} users, window {window}; {runs} runs of {seconds} s; load {} at the beginning",
            text(&head["database"]),
            text(&machine["load"])
        )?;
        writeln!(f, "median (least–most)\n")?;
        let names = [Side::Kefu, Side::SameWork, Side::Transport].map(Side::name);
        let mut rows = vec![["", "", names[0], names[1], names[2], "ratio"].map(str::to_owned)];
        rows.extend(self.figures.iter().map(row));
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for row in &rows {
            let mut line = format!("{:<1$}", row[0], widths[0]);
            for (cell, width) in row.iter().zip(widths).skip(1) {
                line.push_str(&format!("  {cell:>width$}"));
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

fn row(figure: &Figure) -> [String; 6] {
    let cells: [String; 3] = figure.samples.each_ref().map(|samples| cell(samples));
    let [kefu, same_work, _] = figure.samples.each_ref().map(|samples| Spread::of(samples));
    let ratio = kefu.zip(same_work).map(|(kefu, bare)| format!("{:.2}", kefu.median / bare.median));
    let [kefu, same_work, transport] = cells;
    [figure.name.clone(), figure.unit.name().to_owned(), kefu, same_work, transport, ratio.unwrap_or_default()]
}

fn cell(samples: &[f64]) -> String {
    let Some(Spread { median, least, most }) = Spread::of(samples) else { return "–".to_owned() };
    if samples.len() == 1 {
        number(median)
    } else {
        format!("{} ({}–{})", number(median), number(least), number(most))
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => {
            let digits = format!("{value:.0}");
            let marks = |(at, digit): (usize, char)| {
                let mark = at > 0 && (digits.len() - at).is_multiple_of(3);
                mark.then_some(',').into_iter().chain([digit])
            };
            digits.chars().enumerate().flat_map(marks).collect()
        }
        large if large >= 100.0 => format!("{value:.0}"),
        medium if medium >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Spread, number};

    #[test]
    fn a_spread_is_the_middle_and_both_ends() {
        assert_eq!(Spread::of(&[]), None);
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, least: 1.0, most: 3.0 }));
        assert_eq!(Spread::of(&[4.0, 1.0]).unwrap().median, 2.5);
    }

    #[test]
    fn numbers_are_as_long_as_they_are_exact() {
        let shown = [16234.4, 1_000_000.0, 123.4, 12.34, 0.523].map(number);
        assert_eq!(shown, ["16,234", "1,000,000", "123", "12.3", "0.52"]);
    }
}
