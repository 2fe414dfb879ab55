//! A call as written: its name and arguments, not yet checked against any vocabulary.

use std::fmt;
use std::str::FromStr;

/// `name(argument, …)`, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The word, for example `adamw`.
    pub name: String,
    /// What stands between the brackets, in order.
    pub arguments: Vec<Argument>,
}

/// One argument: `lr=0.1`, or `0.1` where its place says what it means.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The name before the `=`, if there is one.
    pub name: Option<String>,
    /// The value.
    pub value: Value,
}

/// What an argument can be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A finite number.
    Number(f64),
    /// A duration in passes over the training set: `20epochs`.
    Epochs(f64),
    /// A number that a schedule moves: `0.9*linear(tau=100)`.
    Scheduled(f64, Call),
    /// `true` or `false`.
    Switch(bool),
    /// Another call, or a bare word.
    Call(Call),
    /// Words between double quotes: `"layer1/*"`.
    Text(String),
}

/// The text is not a call.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("in '{text}', column {column}: expected {expected}")]
pub struct SyntaxError {
    text: String,
    column: usize,
    expected: &'static str,
}

impl Call {
    /// A call without arguments.
    pub fn bare(name: &str) -> Call {
        Call { name: name.to_owned(), arguments: Vec::new() }
    }

    /// The call with `-` for each `_` in its words, but not in the names of arguments: for vocabularies whose
    /// words have hyphens.
    pub fn hyphenated(&self) -> Call {
        let arguments = self.arguments.iter().map(|argument| {
            let value = match &argument.value {
                Value::Call(call) => Value::Call(call.hyphenated()),
                value => value.clone(),
            };
            Argument { name: argument.name.clone(), value }
        });
        Call { name: self.name.replace('_', "-"), arguments: arguments.collect() }
    }
}

impl FromStr for Call {
    type Err = SyntaxError;

    fn from_str(text: &str) -> Result<Call, SyntaxError> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let call = parser.call()?;
        match parser.peek() {
            None => Ok(call),
            Some(_) => Err(parser.expected("the end of the call")),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.arguments.is_empty() {
            return Ok(());
        }
        for (i, Argument { name, value }) in self.arguments.iter().enumerate() {
            f.write_str(if i == 0 { "(" } else { ", " })?;
            if let Some(name) = name {
                write!(f, "{name}=")?;
            }
            write!(f, "{value}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(x) => write_number(*x, f),
            Value::Epochs(x) => write_number(*x, f).and_then(|()| f.write_str("epochs")),
            Value::Scheduled(x, call) => write_number(*x, f).and_then(|()| write!(f, "*{call}")),
            Value::Switch(on) => write!(f, "{on}"),
            Value::Call(call) => write!(f, "{call}"),
            Value::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// The shortest text that reads back as the same number, with an exponent where that is shorter.
fn write_number(x: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if x != 0.0 && !(1e-3..1e6).contains(&x.abs()) { write!(f, "{x:e}") } else { write!(f, "{x}") }
}

/// Calls inside of calls go no deeper than this.
const DEEPEST: usize = 32;

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn call(&mut self) -> Result<Call, SyntaxError> {
        let name = self.name()?;
        let mut arguments = Vec::new();
        if self.eat('(') && !self.eat(')') {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err(self.expected("no more calls inside of each other"));
            }
            loop {
                arguments.push(self.argument()?);
                if self.eat(')') {
                    break;
                }
                if !self.eat(',') {
                    return Err(self.expected("',' or ')'"));
                }
            }
            self.depth -= 1;
        }
        Ok(Call { name, arguments })
    }

    fn argument(&mut self) -> Result<Argument, SyntaxError> {
        if matches!(self.peek(), Some(c) if c.is_ascii_digit() || "+-.\"".contains(c)) {
            return Ok(Argument { name: None, value: self.value()? });
        }
        let call = self.call()?;
        if call.arguments.is_empty() && self.eat('=') {
            return Ok(Argument { name: Some(call.name), value: self.value()? });
        }
        Ok(Argument { name: None, value: word(call) })
    }

    fn value(&mut self) -> Result<Value, SyntaxError> {
        match self.peek() {
            Some(c) if c.is_ascii_digit() || "+-.".contains(c) => match self.number()? {
                Value::Number(x) if self.eat('*') => Ok(Value::Scheduled(x, self.call()?)),
                number => Ok(number),
            },
            Some('"') => self.text(),
            _ => Ok(word(self.call()?)),
        }
    }

    /// Everything up to the next quote; there is no way to write a quote within.
    fn text(&mut self) -> Result<Value, SyntaxError> {
        self.eat('"');
        let Some(length) = self.text[self.at..].find('"') else {
            self.at = self.text.len();
            return Err(self.expected("a closing '\"'"));
        };
        let text = self.text[self.at..][..length].to_owned();
        self.at += length + 1;
        Ok(Value::Text(text))
    }

    fn number(&mut self) -> Result<Value, SyntaxError> {
        self.peek();
        let rest = &self.text[self.at..];
        let mut end = 0;
        for (i, c) in rest.char_indices() {
            let exponent_follows =
                rest[i + 1..].starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c));
            let sign_of_exponent = "+-".contains(c) && (i == 0 || rest[..i].ends_with(['e', 'E']));
            let part_of_number = c.is_ascii_digit()
                || c == '.'
                || sign_of_exponent
                || ("eE".contains(c) && exponent_follows);
            if !part_of_number {
                break;
            }
            end = i + 1;
        }
        match rest[..end].parse::<f64>() {
            Ok(x) if x.is_finite() => {
                self.at += end;
                let epochs = self.text[self.at..].starts_with("epochs");
                if epochs {
                    self.at += "epochs".len();
                }
                Ok(if epochs { Value::Epochs(x) } else { Value::Number(x) })
            }
            _ => Err(self.expected("a number")),
        }
    }

    fn name(&mut self) -> Result<String, SyntaxError> {
        self.peek();
        let rest = &self.text[self.at..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
            .unwrap_or(rest.len());
        if end == 0 || !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err(self.expected("a name"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// The next character that is not a space; the spaces are passed over.
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn expected(&self, expected: &'static str) -> SyntaxError {
        let column = self.text[..self.at].chars().count() + 1;
        SyntaxError { text: self.text.to_owned(), column, expected }
    }
}

fn word(call: Call) -> Value {
    match (call.name.as_str(), call.arguments.is_empty()) {
        ("true", true) => Value::Switch(true),
        ("false", true) => Value::Switch(false),
        _ => Value::Call(call),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_prints_as_it_was_written() {
        for text in [
            "sgd",
            "sgd(lr=0.1)",
            "heavy_ball(lr=1e-4, nesterov=true)",
            "join(constant, 100, cosine(steps=20epochs, end=0.01))",
            "six-hump-camel",
            "adam(lr=0.1*cosine(steps=100), beta1=0.9*linear(tau=20epochs, end=0.5))",
            "groups(\"*\", adam, \"layer1/*\", sgd(lr=0.1))",
        ] {
            assert_eq!(text.parse::<Call>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn numbers_keep_every_bit_and_spaces_do_not_matter() {
        let call: Call = " sgd ( lr = 1.5848931925e-2 , decay=-3 ) ".parse().unwrap();
        assert_eq!(call.arguments[0].value, Value::Number(0.015848931925));
        assert_eq!(call.arguments[1].value, Value::Number(-3.0));
        for x in [0.1 + 0.2, 1e-300, 123456789.0, f64::MAX, 2.5e-3] {
            let text = Call {
                name: "c".into(),
                arguments: vec![Argument { name: None, value: Value::Number(x) }],
            };
            assert_eq!(text.to_string().parse::<Call>().unwrap(), text);
        }
    }

    #[test]
    fn a_syntax_error_names_the_column() {
        let message = |text: &str| text.parse::<Call>().unwrap_err().to_string();
        assert_eq!(message("sgd(lr=)"), "in 'sgd(lr=)', column 8: expected a name");
        assert_eq!(message("sgd(lr=0.1"), "in 'sgd(lr=0.1', column 11: expected ',' or ')'");
        assert_eq!(message("sgd)"), "in 'sgd)', column 4: expected the end of the call");
        assert_eq!(message(""), "in '', column 1: expected a name");
        assert_eq!(message("sgd(lr=1e999)"), "in 'sgd(lr=1e999)', column 8: expected a number");
        assert_eq!(message("sgd(lr=1..2)"), "in 'sgd(lr=1..2)', column 8: expected a number");
        let nested = "a(".repeat(100_000);
        assert!(
            message(&nested).contains("column 67: expected no more calls inside of each other")
        );
        assert_eq!(message("sgd(lr=é)"), "in 'sgd(lr=é)', column 8: expected a name");
        assert_eq!(message("g(\"é)"), "in 'g(\"é)', column 6: expected a closing '\"'");
        assert_eq!(message("sgd(lr=0.1*2)"), "in 'sgd(lr=0.1*2)', column 12: expected a name");
    }
}
