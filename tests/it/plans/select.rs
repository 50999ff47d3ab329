//! The parts of a SELECT that decide how many rows it examines. A parser of just that much SQL, for our own statements.

/// One SELECT of a statement, without the ones inside it.
#[derive(Debug)]
pub(super) struct Select {
    /// The tables in its FROM clause, with their aliases.
    tables: Vec<(String, String)>,
    /// The conditions of its WHERE clause: the columns that an index can serve with the comparison, or the text of any other.
    conditions: Vec<String>,
    /// True if it stops at a number of rows. In a FROM clause that number has to be there to see: what reads them may add them up.
    pub(super) has_limit: bool,
    /// True if it reads all its rows before it returns the first.
    pub(super) is_aggregate: bool,
}

/// The maximum number of rows that a page may examine.
const MAX_EXAMINED: i64 = 5_000;
/// The words that end a clause.
const CLAUSES: &[&str] = &["WHERE", "GROUP", "ORDER", "LIMIT", "HAVING", "UNION", "RETURNING", "ON", "SET"];
/// The functions that read all rows before they return one.
const AGGREGATES: &[&str] = &["COUNT", "SUM", "MAX", "MIN"];
/// The conditions that hold for every row which a parent's id selects: they only guard against another tenant's id.
const GUARDS: &[&str] = &["app_id=?"];
const PARENTS: &[&str] = &["transaction_id=?", "rejection_id=?"];

/// A word, or a group in parentheses.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Group(Vec<Token>),
}

impl Token {
    fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own.eq_ignore_ascii_case(word))
    }

    fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    fn text(&self) -> String {
        match self {
            Self::Word(word) => word.clone(),
            Self::Group(tokens) => format!("({})", text(tokens)),
        }
    }
}

fn text(tokens: &[Token]) -> String {
    tokens.iter().map(Token::text).collect::<Vec<_>>().join(" ")
}

fn tokens(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Vec<Token> {
    let mut found = Vec::new();
    while let Some(first) = rest.next() {
        match first {
            ')' => break,
            '(' => found.push(Token::Group(tokens(rest))),
            _ if first.is_whitespace() => {}
            ',' => found.push(Token::Word(",".to_owned())),
            '\'' => found.push(Token::Word(format!("'{}'", rest.by_ref().take_while(|next| *next != '\'').collect::<String>()))),
            '<' | '>' | '=' => {
                let mut word = first.to_string();
                while let Some(next) = rest.next_if(|next| "<>=".contains(*next)) {
                    word.push(next);
                }
                found.push(Token::Word(word));
            }
            _ => {
                let mut word = first.to_string();
                while let Some(next) = rest.next_if(|next| !next.is_whitespace() && !"(),<>='".contains(*next)) {
                    word.push(next);
                }
                found.push(Token::Word(word));
            }
        }
    }
    found
}

impl Select {
    /// Returns every SELECT of a statement, those of an EXISTS with a limit.
    pub(super) fn all(statement: &str) -> Vec<Self> {
        let mut found = Vec::new();
        collect(&tokens(&mut statement.chars().peekable()), "", &mut found);
        found
    }

    /// `before` is the word before its parenthesis.
    fn read(tokens: &[Token], before: &str) -> Self {
        let clause = |word: &str| {
            let start = tokens.iter().position(|token| token.is(word));
            let rest = &tokens[start.map_or(tokens.len(), |start| start + 1)..];
            let end = rest.iter().position(|token| token.is_any(CLAUSES) && !(word == "FROM" && token.is("ON")));
            rest[..end.unwrap_or(rest.len())].to_vec()
        };
        Self {
            tables: tables(&clause("FROM")),
            conditions: conditions(&clause("WHERE")),
            has_limit: before == "EXISTS"
                || tokens.windows(2).any(|pair| {
                    let is_page = !["FROM", "JOIN"].contains(&before);
                    pair[0].is("LIMIT") && (is_page || pair[1].text().parse().is_ok_and(|limit: i64| limit <= MAX_EXAMINED))
                }),
            is_aggregate: tokens.windows(2).any(|pair| match pair {
                [name, Token::Group(_)] if name.is_any(AGGREGATES) => true,
                [first, second] => first.is("GROUP") || (first.is("SELECT") && second.is("DISTINCT")),
                _ => false,
            }),
        }
    }

    /// Returns the table that has this name or alias in the FROM clause.
    pub(super) fn table(&self, name: &str) -> Option<&str> {
        self.tables.iter().find(|(table, alias)| name == table || name == alias).map(|(table, _)| table.as_str())
    }

    /// True if an index with these constraints, as a plan shows them, serves every condition.
    pub(super) fn is_served_by(&self, constraints: &[String]) -> bool {
        let has_parent = constraints.iter().any(|own| PARENTS.contains(&own.as_str()));
        let is_guard =
            |condition: &String| has_parent && GUARDS.contains(&condition.as_str()) && !constraints.contains(condition);
        let mut conditions: Vec<&String> = self.conditions.iter().filter(|condition| !is_guard(condition)).collect();
        let mut constraints: Vec<&String> = constraints.iter().collect();
        conditions.sort();
        constraints.sort();
        conditions == constraints
    }

    /// True if the constraints are those of some of the conditions, so that the plan may be this SELECT's.
    pub(super) fn has_conditions(&self, constraints: &[String]) -> bool {
        constraints.iter().all(|constraint| self.conditions.contains(constraint))
    }
}

fn collect(tokens: &[Token], before: &str, found: &mut Vec<Select>) {
    for part in tokens.split(|token| token.is("UNION") || token.is("EXCEPT")) {
        if let Some(start) = part.iter().position(|token| token.is("SELECT")) {
            found.push(Select::read(&part[start..], before));
        }
    }
    for (index, token) in tokens.iter().enumerate() {
        if let Token::Group(inner) = token {
            collect(inner, &index.checked_sub(1).map(|before| tokens[before].text()).unwrap_or_default(), found);
        }
    }
}

fn tables(clause: &[Token]) -> Vec<(String, String)> {
    let mut words = clause.iter().filter_map(|token| match token {
        Token::Word(word) if word != "AS" => Some(word.as_str()),
        Token::Word(_) => None,
        Token::Group(_) => Some("()"),
    });
    let (mut tables, mut is_table) = (Vec::new(), true);
    while let Some(word) = words.next() {
        if is_table {
            let alias = words.clone().next().filter(|next| !["JOIN", "CROSS", "LEFT", "ON", ","].contains(next));
            tables.push((word.to_owned(), alias.unwrap_or(word).to_owned()));
        }
        is_table = word == "JOIN" || word == ",";
    }
    tables
}

/// Returns the conditions of the text of a WHERE clause.
pub(super) fn conditions_of(clause: &str) -> Vec<String> {
    conditions(&tokens(&mut clause.chars().peekable()))
}

/// Returns the conditions as [`constraints`] writes those of a plan.
fn conditions(clause: &[Token]) -> Vec<String> {
    let (mut found, mut term) = (Vec::new(), Vec::new());
    for token in clause {
        let is_within_between = term.iter().any(|token: &Token| token.is("BETWEEN")) && term.len() < 4;
        if token.is("AND") && !is_within_between {
            condition(&std::mem::take(&mut term), &mut found);
        } else {
            term.push(token.clone());
        }
    }
    condition(&term, &mut found);
    found
}

fn condition(term: &[Token], found: &mut Vec<String>) {
    let columns = term.first().map(Token::text).unwrap_or_default();
    let columns = columns.rsplit('.').next().unwrap_or_default().replace([' ', '(', ')'], "");
    let is_plain = term.first().is_some_and(|first| match first {
        Token::Word(word) => !["NOT", "CAST", "COALESCE"].contains(&word.as_str()),
        Token::Group(inner) => {
            inner.iter().all(|token| matches!(token, Token::Word(word) if !word.contains(['=', '<', '>', '$'])))
        }
    });
    match term.get(1) {
        None if term.is_empty() => {}
        Some(Token::Word(sign)) if is_plain && ["=", "IN"].contains(&sign.as_str()) => found.push(format!("{columns}=?")),
        // An index serves it like a value.
        Some(Token::Word(sign)) if is_plain && sign == "IS" && term[2..] == [Token::Word("NULL".to_owned())] => {
            found.push(format!("{columns}=?"));
        }
        Some(Token::Word(sign)) if is_plain && sign == "BETWEEN" => {
            found.extend([format!("{columns}>?"), format!("{columns}<?")]);
        }
        Some(Token::Word(sign)) if is_plain && sign != "<>" && sign.starts_with(['<', '>']) => {
            found.push(format!("{columns}{}?", &sign[..1]));
        }
        _ => found.push(text(term)),
    }
}

/// Returns the constraints of an index in a line of a plan: `a=?`, `b<?`, and `a,b<?` for a pair.
pub(super) fn constraints(line: &str) -> Vec<String> {
    let Some((_, list)) = line.split_once(" (") else { return Vec::new() };
    let list = list.trim_end().trim_end_matches(')');
    list.split(" AND ").map(|constraint| constraint.replace(['(', ')'], "").replace("?,?", "?").replace(",?", "")).collect()
}

#[test]
fn the_parts_of_a_select_are_read() {
    let text = "SELECT a.id, EXISTS (SELECT 1 FROM d WHERE d.t = a.id) FROM (SELECT x, y FROM events AS e WHERE app_id = $1 AND x IN ($2, $3) \
                AND (created_at, id) < ($4, $5) AND day BETWEEN $6 AND $7 ORDER BY x LIMIT 5000) AS a JOIN b ON b.id = a.id \
                WHERE NOT b.is_new AND (CAST($8 AS TEXT) IS NULL OR state = $8) GROUP BY a.id";
    let all = Select::all(text);
    let [outer, exists, inner] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((outer.table("b"), outer.table("events"), outer.has_limit, outer.is_aggregate), (Some("b"), None, false, true));
    assert_eq!(outer.conditions, ["NOT b.is_new", "(CAST ($8 AS TEXT) IS NULL OR state = $8)"]);
    assert_eq!((exists.conditions.as_slice(), exists.has_limit), (&["t=?".to_owned()][..], true));
    assert_eq!((inner.table("e"), inner.has_limit, inner.is_aggregate), (Some("events"), true, false));
    let line = "SEARCH e USING INDEX i (app_id=? AND x=? AND (created_at,id)<(?,?) AND day>? AND day<?)";
    assert!(inner.is_served_by(&constraints(line)), "{:?} {:?}", inner.conditions, constraints(line));
    assert!(!inner.is_served_by(&constraints("SEARCH e USING INDEX i (app_id=?)")));
}
