//! Command line, run in this process on the test's installation.

use ks_pay::cli::{self, Io};
use serde_json::Value;

use super::Installation;

/// Output and exit code of a command.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Output {
    /// Returns the only line on stdout of a command that succeeded without other output.
    #[track_caller]
    pub(crate) fn line(&self) -> &str {
        self.assert_done();
        let line = self.out.strip_suffix('\n').unwrap();
        assert!(!line.contains('\n'), "one line: {line}");
        line
    }

    /// Returns that line, parsed as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.line()).unwrap()
    }

    #[track_caller]
    pub(crate) fn assert_done(&self) {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{}", self.out);
    }

    /// Returns the only sentence on stderr of a command that failed without output.
    #[track_caller]
    pub(crate) fn failure(&self) -> &str {
        assert_eq!((self.code, self.out.as_str()), (1, ""), "{}", self.err);
        one_sentence(&self.err)
    }
}

/// Returns the text without its line end, of which there must be only one.
#[track_caller]
pub(crate) fn one_sentence(text: &str) -> &str {
    let sentence = text.strip_suffix('\n').unwrap_or_else(|| panic!("a line: {text:?}"));
    assert!(!sentence.contains('\n') && !sentence.is_empty(), "one line: {text:?}");
    // A command to copy has no full stop.
    assert!(sentence.ends_with(['.', '?']) || sentence.contains(" Run: "), "a sentence: {text:?}");
    sentence
}

impl Installation {
    pub(crate) async fn cli<const N: usize>(&self, args: [&str; N], stdin: &str) -> Output {
        self.cli_with(&args, stdin, &[]).await
    }

    /// Runs a command with additional or overridden variables.
    pub(crate) async fn cli_with(&self, args: &[&str], stdin: &str, more: &[(&'static str, &str)]) -> Output {
        let mut variables: Vec<(&str, String)> = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        variables.extend(self.variables());
        run(args, stdin, &variables).await
    }

    pub(crate) async fn events(&self) -> Vec<Value> {
        self.export("events").await
    }

    pub(crate) async fn transactions(&self) -> Vec<Value> {
        self.export("transactions").await
    }

    async fn export(&self, what: &str) -> Vec<Value> {
        let output = self.cli([what, "export", "--jsonl"], "").await;
        output.assert_done();
        lines(&output.out)
    }
}

/// Parses each line as JSON.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Of variables with the same name the first takes effect.
pub(crate) async fn run(args: &[&str], stdin: &str, variables: &[(&str, String)]) -> Output {
    let look_up = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
    let (mut input, mut out, mut err) = (stdin.as_bytes(), Vec::new(), Vec::new());
    let mut io = Io { input: &mut input, is_terminal: false, out: &mut out, err: &mut err };
    let args = std::iter::once("ks-pay").chain(args.iter().copied()).map(Into::into);
    // Boxed, since the future of every test contains it.
    let code = Box::pin(cli::run(args, &look_up, &mut io)).await;
    Output { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}
