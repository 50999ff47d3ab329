//! Tables: the median of the rounds, and of the ratios within each round.
//!
//! Only clean rounds are used, those in which no other process was busy: absolute figures vary with the machine, ratios within
//! one round hardly do.

use std::{collections::BTreeMap, fs, path::Path, str::FromStr};

use clap::Args;
use serde_json::Value;

use crate::{Failure, say};

/// A round in which others used a larger share of a core than this is not clean.
const MAX_OTHERS_BUSY: f64 = 0.05;

/// Prints the tables of a file.
#[derive(Args)]
pub(crate) struct Options {
    /// File of measurements.
    file: std::path::PathBuf,
    /// Uses every round, clean or not: for trying out a measurement.
    #[arg(long)]
    any: bool,
    /// Heading of the group column.
    #[arg(long, default_value = "Group")]
    group: String,
    /// Columns: `figure=Name`, with `figure` a field of the measurements.
    #[arg(long = "column")]
    columns: Vec<Column>,
    /// `label|group|figure|variant|variant|>=|0.30` for a ratio; without the second variant for the figure itself, and with
    /// `measured` for the last two when there is no limit.
    #[arg(long = "goal")]
    goals: Vec<Goal>,
}

#[derive(Clone)]
struct Column {
    figure: String,
    name: String,
}

impl FromStr for Column {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (figure, name) = text.split_once('=').ok_or("figure=Name")?;
        Ok(Self { figure: figure.to_owned(), name: name.to_owned() })
    }
}

#[derive(Clone)]
struct Goal {
    label: String,
    group: String,
    figure: String,
    of: String,
    to: Option<String>,
    limit: Option<(Direction, f64)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    AtLeast,
    AtMost,
}

impl FromStr for Goal {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split('|').collect();
        let [label, group, figure, of, to, direction, limit] = parts[..] else { return Err("seven parts with | between them") };
        let direction = match direction {
            ">=" => Some(Direction::AtLeast),
            "<=" => Some(Direction::AtMost),
            "measured" => None,
            _ => return Err(">= or <= or measured"),
        };
        let limit = direction.map(|direction| limit.parse().map(|limit| (direction, limit))).transpose();
        Ok(Self {
            label: label.to_owned(),
            group: group.to_owned(),
            figure: figure.to_owned(),
            of: of.to_owned(),
            to: (!to.is_empty()).then(|| to.to_owned()),
            limit: limit.map_err(|_| "a limit is a number")?,
        })
    }
}

/// Measurements of a file, by round.
struct Rounds {
    lines: BTreeMap<u64, Vec<Value>>,
    tried: usize,
}

impl Rounds {
    fn read(file: &Path, any: bool) -> Result<Self, Failure> {
        let mut lines: BTreeMap<u64, Vec<Value>> = BTreeMap::new();
        for line in fs::read_to_string(file)?.lines() {
            let line: Value = serde_json::from_str(line)?;
            lines.entry(line["round"].as_u64().unwrap_or_default()).or_default().push(line);
        }
        let tried = lines.len();
        lines.retain(|_, lines| {
            any || lines.iter().all(|line| number(line, "others_busy").is_none_or(|busy| busy <= MAX_OTHERS_BUSY))
        });
        Ok(Self { lines, tried })
    }

    /// Returns a figure of a variant in each round.
    fn figures(&self, group: &str, variant: &str, figure: &str) -> Vec<Option<f64>> {
        let of = |lines: &Vec<Value>| {
            let line = lines.iter().find(|line| line["group"] == group && line["variant"] == variant)?;
            number(line, figure)
        };
        self.lines.values().map(of).collect()
    }

    /// Returns the number of rounds in which one of these variants returned unexpected responses, or none.
    fn faulty(&self, group: &str, variants: &[Option<&String>]) -> usize {
        let is_one = |line: &&Value| line["group"] == group && variants.iter().flatten().any(|name| line["variant"] == **name);
        let is_faulty = |line: &Value| {
            let figures = ["other_answers", "forged.other_answers", "unanswered"];
            figures.iter().any(|figure| number(line, figure).is_some_and(|count| count > 0.0))
        };
        self.lines.values().filter(|lines| lines.iter().filter(is_one).any(is_faulty)).count()
    }

    /// Returns groups and variants in the order in which they were first measured.
    fn rows(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for line in self.lines.values().flatten() {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let row = (text("group"), text("variant"));
            if !found.contains(&row) {
                let beside = found.iter().rposition(|(group, _)| *group == row.0).map_or(found.len(), |at| at + 1);
                found.insert(beside, row);
            }
        }
        found
    }
}

/// Reads a figure of a measurement; a dot leads into nested objects.
fn number(line: &Value, figure: &str) -> Option<f64> {
    line.pointer(&format!("/{}", figure.replace('.', "/")))?.as_f64()
}

/// Prints the number of clean rounds.
pub(crate) fn clean_rounds(file: &Path) -> Result<usize, Failure> {
    Ok(Rounds::read(file, false)?.lines.len())
}

/// Prints the measurements, with their goals.
pub(crate) fn print(options: &Options) -> Result<(), Failure> {
    let rounds = Rounds::read(&options.file, options.any)?;
    let kept = if options.any { "counted, clean or not" } else { "clean" };
    let (clean, tried) = (rounds.lines.len(), rounds.tried);
    say(&format!("Rounds: {clean} of {tried} {kept}. Each figure is the median of the rounds, in brackets the range.\n"))?;
    let names: Vec<&str> = options.columns.iter().map(|column| column.name.as_str()).collect();
    say(&format!("| {} | | {} |", options.group, names.join(" | ")))?;
    say(&format!("|---|---|{}", "---|".repeat(names.len())))?;
    for (group, variant) in rounds.rows() {
        let cell = |column: &Column| {
            let seen: Vec<f64> = rounds.figures(&group, &variant, &column.figure).into_iter().flatten().collect();
            spread(seen, column.figure == "rate")
        };
        let cells: Vec<String> = options.columns.iter().map(cell).collect();
        say(&format!("| {group} | {variant} | {} |", cells.join(" | ")))?;
    }
    if !options.goals.is_empty() {
        say("\n| Goal | Wanted | Median | Range | |\n|---|---|---|---|---|")?;
    }
    for goal in &options.goals {
        say(&goal.row(&rounds))?;
    }
    Ok(())
}

impl Goal {
    fn row(&self, rounds: &Rounds) -> String {
        let of = rounds.figures(&self.group, &self.of, &self.figure);
        let each: Vec<Option<f64>> = match &self.to {
            None => of,
            Some(to) => {
                let to = rounds.figures(&self.group, to, &self.figure);
                of.into_iter().zip(to).map(|(of, to)| Some(of? / to?)).collect()
            }
        };
        let rounds_in_all = each.len();
        let mut seen: Vec<f64> = each.into_iter().flatten().filter(|value| value.is_finite()).collect();
        seen.sort_by(f64::total_cmp);
        let wanted = match self.limit {
            None => "measured".to_owned(),
            Some((Direction::AtLeast, limit)) => format!("≥ {limit}"),
            Some((Direction::AtMost, limit)) => format!("≤ {limit}"),
        };
        let Some(median) = median(&seen) else {
            return format!("| {} | {wanted} | – | – | **not measured, or no answer** |", self.label);
        };
        let without = rounds_in_all - seen.len();
        let faulty = rounds.faulty(&self.group, &[Some(&self.of), self.to.as_ref()]);
        let verdict = match self.limit {
            _ if without > 0 => format!("**missed: no answer in {without} rounds**"),
            _ if faulty > 0 => format!("**not judged: other answers in {faulty} rounds**"),
            None => String::new(),
            Some((Direction::AtLeast, limit)) if median >= limit => "met".to_owned(),
            Some((Direction::AtMost, limit)) if median <= limit => "met".to_owned(),
            Some(_) => "**missed**".to_owned(),
        };
        let range = format!("{} to {}", plain(seen[0]), plain(seen[seen.len() - 1]));
        format!("| {} | {wanted} | {} | {range} | {verdict} |", self.label, plain(median))
    }
}

/// Formats the median, and for rates the range as well.
fn spread(mut seen: Vec<f64>, with_range: bool) -> String {
    seen.sort_by(f64::total_cmp);
    match median(&seen) {
        None => "–".to_owned(),
        Some(median) if with_range && seen.len() > 1 => {
            format!("{} ({} to {})", plain(median), plain(seen[0]), plain(seen[seen.len() - 1]))
        }
        Some(median) => plain(median),
    }
}

fn median(sorted: &[f64]) -> Option<f64> {
    let (low, high) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}

/// Formats a number with its significant digits only.
fn plain(value: f64) -> String {
    let size = value.abs();
    if size >= 1_000.0 {
        let text = format!("{value:.0}");
        let (head, tail) = text.split_at(text.len() - 3);
        format!("{head},{tail}")
    } else if size >= 100.0 || value == 0.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rounds(ours: &[f64], theirs: &[f64]) -> Rounds {
        let line = |variant: &str, rate: f64| json!({ "group": "64", "variant": variant, "rate": rate });
        let both = ours.iter().zip(theirs).map(|(one, other)| vec![line("ours", *one), line("theirs", *other)]);
        let lines: BTreeMap<u64, Vec<Value>> = (1..).zip(both).collect();
        Rounds { tried: lines.len(), lines }
    }

    #[test]
    fn a_goal_is_judged_by_the_median_of_the_ratios_of_each_round() {
        let rounds = rounds(&[10.0, 40.0, 90.0], &[1.0, 2.0, 10.0]);
        let row = |goal: &str| goal.parse::<Goal>().unwrap().row(&rounds);
        assert_eq!(row("A|64|rate|ours|theirs|>=|9.5"), "| A | ≥ 9.5 | 10.0 | 9.00 to 20.0 | met |");
        assert_eq!(row("A|64|rate|ours|theirs|<=|9"), "| A | ≤ 9 | 10.0 | 9.00 to 20.0 | **missed** |");
        assert_eq!(row("A|64|rate|theirs||measured|"), "| A | measured | 2.00 | 1.00 to 10.0 |  |");
        assert_eq!(row("A|65|rate|ours|theirs|>=|1"), "| A | ≥ 1 | – | – | **not measured, or no answer** |");
    }

    #[test]
    fn a_goal_is_never_met_by_what_was_not_answered() {
        let goal: Goal = "A|64|rate|ours|theirs|<=|99".parse().unwrap();
        let mut rounds = rounds(&[1.0, 2.0], &[1.0, 1.0]);
        assert!(goal.row(&rounds).ends_with("| met |"));
        rounds.lines.get_mut(&2).unwrap()[0]["other_answers"] = json!(3);
        assert!(goal.row(&rounds).ends_with("| **not judged: other answers in 1 rounds** |"));
        rounds.lines.get_mut(&1).unwrap()[0]["rate"] = Value::Null;
        assert!(goal.row(&rounds).ends_with("| **missed: no answer in 1 rounds** |"));
    }

    #[test]
    fn a_median_of_an_even_number_lies_between_the_middle_two() {
        assert_eq!((median(&[1.0, 2.0, 4.0, 9.0]), median(&[5.0]), median(&[])), (Some(3.0), Some(5.0), None));
        assert_eq!([12_345.6, 999.6, 12.34, 0.123, 0.0].map(plain), ["12,346", "1000", "12.3", "0.12", "0"]);
    }
}
